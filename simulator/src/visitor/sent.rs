//! When something was sent that causes a mail.

use std::time::{Duration, Instant, SystemTime};

use crate::browser::Browser;
use crate::mailbox::Mail;

/// An instant by two clocks: the one never jumps, the other is that by which mails are stamped.
#[derive(Debug, Clone, Copy)]
pub(super) struct SentAt {
    clock: Instant,
    wall: SystemTime,
}

impl SentAt {
    pub(super) fn now() -> SentAt {
        SentAt { clock: Instant::now(), wall: SystemTime::now() }
    }

    /// When the browser's last navigation was sent, however long it was held back before.
    pub(super) fn of(browser: &Browser) -> SentAt {
        browser.sent_at().map_or_else(SentAt::now, |(clock, wall)| SentAt { clock, wall })
    }

    /// How long a mail took. It may have lain there while the redirects behind its cause were held back.
    pub(super) fn until(self, mail: &Mail) -> Duration {
        mail.received_at.duration_since(self.wall).unwrap_or_default().min(self.clock.elapsed())
    }
}
