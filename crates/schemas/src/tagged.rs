//! Objects that say what they are in `type`, and unions of them.
//!
//! The word is written once, and is then what is sent, what the description of the API shows and
//! what a union tells its members apart by.

/// An object of the wire with a fixed `type`.
pub trait Tagged {
    /// Its `type`.
    const TYPE: &'static str;
}

/// Structs with a `type` of their own before their fields. `$words` is a module for those types.
macro_rules! tagged {
    (
        mod $words:ident;
        $(
            $(#[$about:meta])*
            $name:ident = $word:tt {
                $( $(#[$field_about:meta])* $field:ident: $type:ty, )*
            }
        )*
    ) => {
        mod $words {
            $(
                #[derive(
                    Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema,
                )]
                pub(super) enum $name {
                    #[default]
                    #[serde(rename = $word)]
                    Only,
                }
            )*
        }
        $(
            $(#[$about])*
            #[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
            pub struct $name {
                #[doc = concat!("Always `", $word, "`.")]
                #[serde(rename = "type")]
                #[schema(inline)]
                kind: $words::$name,
                $( $(#[$field_about])* pub $field: $type, )*
            }

            impl $name {
                /// The object with these fields, in their order.
                pub fn new($($field: $type),*) -> Self {
                    Self { kind: $words::$name::Only, $($field),* }
                }
            }

            impl $crate::tagged::Tagged for $name {
                const TYPE: &'static str = $word;
            }
        )*
    };
}

/// An enum of tagged structs, each in a variant of its name; on the wire it is the struct itself.
macro_rules! union {
    ( $(#[$about:meta])* $union:ident, $description:literal { $($name:ident,)* } ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        pub enum $union {
            $(
                #[doc = concat!("`", stringify!($name), "`.")]
                $name($name),
            )*
        }

        impl utoipa::PartialSchema for $union {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use $crate::tagged::Tagged as _;
                let mapping = [
                    $(($name::TYPE, concat!("#/components/schemas/", stringify!($name)))),*
                ];
                utoipa::openapi::schema::OneOfBuilder::new()
                    .description(Some($description))
                    $(.item(utoipa::openapi::Ref::from_schema_name(stringify!($name))))*
                    .discriminator(Some(utoipa::openapi::schema::Discriminator::with_mapping(
                        "type", mapping,
                    )))
                    .into()
            }
        }

        impl utoipa::ToSchema for $union {
            fn schemas(schemas: &mut Vec<(
                String,
                utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>,
            )>) {
                use utoipa::PartialSchema as _;
                $(
                    schemas.push((stringify!($name).to_owned(), $name::schema()));
                    <$name as utoipa::ToSchema>::schemas(schemas);
                )*
            }
        }

        $(
            impl From<$name> for $union {
                fn from(value: $name) -> Self {
                    Self::$name(value)
                }
            }
        )*
    };
}

pub(crate) use {tagged, union};
