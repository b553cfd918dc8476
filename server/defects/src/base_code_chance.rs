//! BASE-CODE, chance: codes that are not drawn evenly.

use std::sync::atomic::{AtomicU32, Ordering};

use sekisho_server::Decisions;
use sekisho_server::core::{Attempt, Code, Draw};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-CODE":
    "-18", "base-code-is-twenty-bits-modulo-a-million",
        "A code is twenty random bits modulo a million, so that small ones come twice as often." => TwentyBits;
    "-18", "base-code-is-counted-up",
        "Each code is a fixed step beyond the one before." => CountedUp::default();
    "-19", "base-code-never-begins-with-zero",
        "Codes are drawn from 100000 on, so that none has a leading zero." => NeverZero;
];

/// A number of 32 random bits.
fn bits(draw: &mut dyn Draw) -> u32 {
    let mut bytes = [0; 4];
    draw.fill(&mut bytes);
    u32::from_le_bytes(bytes)
}

struct TwentyBits;

impl Decisions for TwentyBits {
    fn code_for_attempt(&self, _previous: Option<&Attempt>, draw: &mut dyn Draw) -> Code {
        Code::from_value((bits(draw) >> 12) % Code::VALUES)
    }
}

#[derive(Default)]
struct CountedUp(AtomicU32);

impl Decisions for CountedUp {
    fn code_for_attempt(&self, _previous: Option<&Attempt>, _draw: &mut dyn Draw) -> Code {
        Code::from_value(self.0.fetch_add(104_729, Ordering::Relaxed) % Code::VALUES)
    }
}

struct NeverZero;

impl Decisions for NeverZero {
    fn code_for_attempt(&self, _previous: Option<&Attempt>, draw: &mut dyn Draw) -> Code {
        Code::from_value(100_000 + bits(draw) % 900_000)
    }
}
