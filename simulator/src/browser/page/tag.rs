//! The elements and attributes the scan looks at; all others are told apart only by whether they break words.

/// What kind of element a tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Base,
    Button,
    Fieldset,
    Form,
    Input,
    Link,
    Option,
    OptGroup,
    Select,
    Template,
    TextArea,
    Title,
    /// Scripts, styles and the like, whose text nobody reads.
    Unread,
    /// Runs on within a line.
    Inline,
    /// Sets what it holds apart.
    Block,
}

impl Element {
    pub(super) fn of(name: &[u8]) -> Self {
        match name {
            b"base" => Self::Base,
            b"button" => Self::Button,
            b"fieldset" => Self::Fieldset,
            b"form" => Self::Form,
            b"input" => Self::Input,
            b"a" => Self::Link,
            b"option" => Self::Option,
            b"optgroup" => Self::OptGroup,
            b"select" => Self::Select,
            b"template" => Self::Template,
            b"textarea" => Self::TextArea,
            b"title" => Self::Title,
            b"script" | b"style" | b"noscript" | b"iframe" | b"noembed" => Self::Unread,
            b"abbr" | b"b" | b"bdi" | b"bdo" | b"big" | b"cite" | b"code" | b"data" | b"del" | b"dfn" | b"em"
            | b"font" | b"i" | b"ins" | b"kbd" | b"label" | b"mark" | b"nobr" | b"q" | b"rp" | b"rt" | b"ruby"
            | b"s" | b"samp" | b"small" | b"span" | b"strike" | b"strong" | b"sub" | b"sup" | b"time" | b"tt"
            | b"u" | b"var" | b"wbr" => Self::Inline,
            _ => Self::Block,
        }
    }

    /// Whether the element breaks words.
    pub(super) fn separates(self) -> bool {
        !matches!(self, Self::Inline | Self::Link | Self::Unread | Self::Template)
    }

    fn has_attributes_of_interest(self) -> bool {
        !matches!(self, Self::Template | Self::Title | Self::Unread | Self::Inline | Self::Block)
    }
}

/// The attributes that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Attribute {
    AcceptCharset,
    Action,
    Alt,
    Checked,
    Disabled,
    Enctype,
    Form,
    FormAction,
    FormEnctype,
    FormMethod,
    Href,
    Id,
    Label,
    Method,
    Multiple,
    Name,
    Selected,
    Size,
    Type,
    Value,
}

/// As many as [`Attribute`] has variants.
const ATTRIBUTES: usize = Attribute::Value as usize + 1;

impl Attribute {
    fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"accept-charset" => Self::AcceptCharset,
            b"action" => Self::Action,
            b"alt" => Self::Alt,
            b"checked" => Self::Checked,
            b"disabled" => Self::Disabled,
            b"enctype" => Self::Enctype,
            b"form" => Self::Form,
            b"formaction" => Self::FormAction,
            b"formenctype" => Self::FormEnctype,
            b"formmethod" => Self::FormMethod,
            b"href" => Self::Href,
            b"id" => Self::Id,
            b"label" => Self::Label,
            b"method" => Self::Method,
            b"multiple" => Self::Multiple,
            b"name" => Self::Name,
            b"selected" => Self::Selected,
            b"size" => Self::Size,
            b"type" => Self::Type,
            b"value" => Self::Value,
            _ => return None,
        })
    }
}

/// A start tag while it is read.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) element: Element,
    values: [Option<String>; ATTRIBUTES],
    current: Option<Attribute>,
}

impl Tag {
    pub(super) fn new() -> Self {
        Self { element: Element::Block, values: [const { None }; ATTRIBUTES], current: None }
    }

    pub(super) fn open(&mut self, name: &[u8]) {
        if self.element.has_attributes_of_interest() {
            self.values = [const { None }; ATTRIBUTES];
        }
        self.element = Element::of(name);
        self.current = None;
    }

    /// Of several attributes of one name the first counts.
    pub(super) fn attribute_name(&mut self, name: &[u8]) {
        self.current = None;
        if self.element.has_attributes_of_interest()
            && let Some(attribute) = Attribute::of(name)
            && self.values[attribute as usize].is_none()
        {
            self.values[attribute as usize] = Some(String::new());
            self.current = Some(attribute);
        }
    }

    pub(super) fn attribute_value(&mut self, value: &[u8]) {
        if let Some(attribute) = self.current.take() {
            self.values[attribute as usize] = Some(String::from_utf8_lossy(value).into_owned());
        }
    }

    pub(super) fn has(&self, attribute: Attribute) -> bool {
        self.values[attribute as usize].is_some()
    }

    pub(super) fn get(&self, attribute: Attribute) -> Option<&str> {
        self.values[attribute as usize].as_deref()
    }

    pub(super) fn take(&mut self, attribute: Attribute) -> Option<String> {
        self.values[attribute as usize].take()
    }

    /// A keyword attribute in lower case; empty where absent.
    pub(super) fn keyword(&self, attribute: Attribute) -> String {
        self.get(attribute).map_or_else(String::new, |value| value.trim_ascii().to_ascii_lowercase())
    }
}
