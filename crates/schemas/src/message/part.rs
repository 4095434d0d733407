//! The parts of a message that is not text only.

use models::Part;

use crate::tagged::{tagged, union};

tagged! {
    mod words;

    /// Text; all texts together are the message's `content`.
    PartText = "text" {
        /// The text.
        text: String,
    }

    /// An image.
    PartImage = "image" {
        /// Its address, `http` or `https`, or the image itself as a data URL.
        #[schema(example = "https://example.org/sky.png")]
        url: String,
        /// How closely the model looks at it: `low`, `high` or `auto`.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    }

    /// A file; it has data or an address.
    PartFile = "file" {
        /// What it is called.
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
        /// The file itself as a data URL.
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        /// Its address, `http` or `https`.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    }
}

union! {
    /// A part of a message.
    PartOut, "A part of a message." { PartText, PartImage, PartFile, }
}

impl From<Part> for PartOut {
    fn from(part: Part) -> Self {
        match part {
            Part::Text(text) => PartText::new(text).into(),
            Part::Image { url, detail } => PartImage::new(url, detail).into(),
            Part::File { filename, data, url } => PartFile::new(filename, data, url).into(),
        }
    }
}
