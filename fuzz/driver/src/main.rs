//! libFuzzer's end of the fuzz targets: it makes inputs up, and each goes to the target that the
//! environment names (`list`: prints all). Built and started by `cargo xtask fuzz`.

#![no_main]
#![expect(clippy::disallowed_methods, reason = "libFuzzer has the main function")]

use std::sync::OnceLock;

use fuzz::Target;

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var("CHATAPP_FUZZ_TARGET").unwrap_or_default();
        if name == "list" {
            for target in fuzz::TARGETS {
                println!("{}\t{}", target.name, target.about);
            }
            std::process::exit(0);
        }
        let Some(target) = fuzz::find(&name) else {
            eprintln!("CHATAPP_FUZZ_TARGET names no target; cargo xtask fuzz starts this program");
            std::process::exit(2);
        };
        TARGET.get_or_init(|| *target);
    },
    |input: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.run)(input);
        }
    }
);
