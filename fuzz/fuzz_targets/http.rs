#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use sekisho_fuzz::{Shape, try_out};

fuzz_target!(|data: &[u8]| try_out(Shape::Http, data));
