//! Screens, compiled.

use super::super::Screen;
use super::super::profile::{self, Profile};
use super::{CompiledMark, Compiler, ProfileError};

impl Compiler<'_> {
    pub(super) fn screens(&self, profile: &Profile) -> Result<Vec<(Screen, Vec<CompiledMark>)>, ProfileError> {
        let mut screens = Vec::new();
        for (screen, marks) in &profile.screens {
            let mut compiled = Vec::new();
            for mark in marks {
                let key = format!("screens.{screen}");
                if *mark == profile::Mark::default() {
                    let at = self.source.text.find(screen.name()).unwrap_or(0);
                    return Err(self.source.senseless(at..at, key, "a mark without a condition would fit every page"));
                }
                compiled.push(CompiledMark {
                    title: mark.title.clone(),
                    status: mark.status,
                    text: mark.text.clone(),
                    path: mark.path.clone(),
                    selector: mark.selector.as_ref().map(|text| self.selector(&key, text)).transpose()?,
                });
            }
            screens.push((*screen, compiled));
        }
        Ok(screens)
    }
}
