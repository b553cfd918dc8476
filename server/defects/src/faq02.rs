//! FAQ-02, devices: a kind of device is turned away.

use sekisho_server::Decisions;

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-02":
    "a", "faq02-desktops-are-refused",
        "Browsers of desktops are turned away." => Refuses("Windows");
    "a", "faq02-smartphones-are-refused",
        "Browsers of smartphones are turned away." => Refuses("Android");
    "a", "faq02-tablets-are-refused",
        "Browsers of tablets are turned away." => Refuses("iPad");
];

/// Refuses browsers whose user agent contains this word.
struct Refuses(&'static str);

impl Decisions for Refuses {
    fn serves_user_agent(&self, user_agent: &str) -> bool {
        !user_agent.contains(self.0)
    }
}
