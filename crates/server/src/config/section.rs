//! How a section is declared: one table from which the struct, its loading, the reference and
//! the example files are made.

/// Declares a section.
///
/// After the type of a field come, each optional and in this order: `= "default"`,
/// `env "WELL_KNOWN_NAME"`, `flag "--option"`, `range "low" to "high"`, `keep_empty`.
macro_rules! section {
    (
        $(#[doc = $doc:literal])+
        $name:ident = $section:literal;
        $(
            $(#[doc = $field_doc:literal])+
            $field:ident: $type:ty
                $(= $default:literal)?
                $(, env $env:literal)?
                $(, flag $flag:literal)?
                $(, range $low:literal to $high:literal)?
                $(, keep_empty $keep_empty:literal)?;
        )+
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $type,)+
        }

        impl $name {
            /// The section as declared.
            pub(crate) const SECTION: $crate::config::key::Section =
                $crate::config::key::Section {
                    name: $section,
                    doc: &[$($doc),+],
                    keys: &[$($crate::config::key::Key {
                        section: ::std::borrow::Cow::Borrowed($section),
                        name: stringify!($field),
                        doc: &[$($field_doc),+],
                        default: section!(@option $($default)?),
                        env: section!(@option $($env)?),
                        flag: section!(@option $($flag)?),
                        range: section!(@option $(($low, $high))?),
                        expects: <$type as $crate::config::setting::Setting>::EXPECTS,
                        privacy: <$type as $crate::config::setting::Setting>::PRIVACY,
                        quoted: <$type as $crate::config::setting::Setting>::QUOTED,
                        keep_empty: section!(@or_false $($keep_empty)?),
                    }),+],
                };

            /// Reads every key of the section called `section`; none if one of them has a problem.
            pub(crate) fn load(
                values: &mut $crate::config::values::Values,
                section: &str,
            ) -> Option<Self> {
                let mut keys = Self::SECTION.keys.iter().map(|key| key.of(section));
                // All are read before any is judged, so that every problem is reported at once.
                $(let $field = keys.next().and_then(|key| values.read::<$type>(&key));)+
                Some(Self { $($field: $field?),+ })
            }
        }
    };
    (@option $value:expr) => { Some($value) };
    (@option) => { None };
    (@or_false $value:literal) => { $value };
    (@or_false) => { false };
}
pub(crate) use section;
