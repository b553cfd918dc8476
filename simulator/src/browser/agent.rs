//! The kinds of browsers a person may hold: what they say of themselves. Not here: anything they do.

/// How a browser presents itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserAgent {
    /// What kind of device it is, for people.
    pub name: &'static str,
    /// The `User-Agent` header.
    pub header: &'static str,
    /// The client hints a Chromium sends unasked, in lower case; empty for other engines.
    pub client_hints: &'static [(&'static str, &'static str)],
    /// The `Accept` header of its navigations.
    pub accept: &'static str,
    /// Width and height of its window, in CSS pixels.
    pub viewport: (u16, u16),
}

const CHROME_BRANDS: (&str, &str) =
    ("sec-ch-ua", "\"Google Chrome\";v=\"139\", \"Chromium\";v=\"139\", \"Not?A_Brand\";v=\"24\"");
const CHROME_ACCEPT: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";

impl UserAgent {
    /// Chrome on a Windows computer.
    pub const DESKTOP: Self = Self {
        name: "desktop",
        header: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
        client_hints: &[CHROME_BRANDS, ("sec-ch-ua-mobile", "?0"), ("sec-ch-ua-platform", "\"Windows\"")],
        accept: CHROME_ACCEPT,
        viewport: (1920, 945),
    };

    /// Chrome on an Android telephone.
    pub const SMARTPHONE: Self = Self {
        name: "smartphone",
        header: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
        client_hints: &[CHROME_BRANDS, ("sec-ch-ua-mobile", "?1"), ("sec-ch-ua-platform", "\"Android\"")],
        accept: CHROME_ACCEPT,
        viewport: (412, 785),
    };

    /// Safari on an iPad that asks for mobile pages.
    pub const TABLET: Self = Self {
        name: "tablet",
        header: "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
        client_hints: &[],
        accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        viewport: (820, 1106),
    };
}
