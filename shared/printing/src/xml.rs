//! Elements of a rendered template, each with its line there and its attributes to be asked for by name.

use std::fmt::Display;
use std::str::FromStr;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::TemplateError;

/// Nobody nests boxes deeper by hand.
const DEPTH_MAX: usize = 24;

/// From places in what was rendered to lines of the template.
pub(crate) trait Lines {
    fn line_at(&self, offset: usize) -> usize;
}

#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) line: usize,
    attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
}

#[derive(Debug)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    /// The one element that the whole text is.
    pub(crate) fn parse(text: &str, lines: &impl Lines) -> Result<Self, TemplateError> {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        loop {
            let line = lines.line_at(usize::try_from(reader.buffer_position()).unwrap_or_default());
            let wrong = |reason: String| TemplateError { line, reason };
            let event = reader.read_event().map_err(|error| wrong(error.to_string()))?;
            match event {
                Event::Start(start) if open.len() <= DEPTH_MAX => open.push(Self::begun(&start, line)?),
                Event::Start(_) => {
                    return Err(wrong(format!("elements are nested more than {DEPTH_MAX} deep")));
                }
                Event::Empty(start) => add(&mut open, Node::Element(Self::begun(&start, line)?)),
                Event::End(_) => {
                    if let Some(element) = open.pop() {
                        add(&mut open, Node::Element(element));
                    }
                }
                Event::Text(text) => add(&mut open, Node::Text(text.xml10_content().into_owned())),
                Event::CData(text) => add(&mut open, Node::Text(text.xml10_content().into_owned())),
                Event::GeneralRef(reference) => {
                    let character = character(&reference)
                        .ok_or_else(|| wrong(format!("&{}; is not defined", &*reference)))?;
                    add(&mut open, Node::Text(character.to_string()));
                }
                Event::Eof => break,
                Event::Decl(_) | Event::Comment(_) => {}
                Event::PI(_) | Event::DocType(_) => {
                    return Err(wrong("neither a document type nor an instruction is allowed".to_owned()));
                }
            }
        }
        let unclosed = open.get(1).map(|element| (element.line, element.name.clone()));
        if let Some((line, name)) = unclosed {
            return Err(TemplateError { line, reason: format!("<{name}> has no end") });
        }
        open.pop().unwrap_or_default().only_child()
    }

    fn begun(start: &BytesStart, line: usize) -> Result<Self, TemplateError> {
        let wrong = |reason: String| TemplateError { line, reason };
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| wrong(error.to_string()))?;
            let value =
                quick_xml::escape::unescape(&attribute.value).map_err(|error| wrong(error.to_string()))?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self { name: start.name().as_ref().to_owned(), line, attributes, children: Vec::new() })
    }

    fn only_child(self) -> Result<Self, TemplateError> {
        let mut elements = self.elements()?;
        match (elements.pop(), elements.is_empty()) {
            (Some(element), true) => Ok(element),
            _ => Err(TemplateError { line: 1, reason: "a template is one <document>".to_owned() }),
        }
    }

    pub(crate) fn wrong(&self, reason: impl Display) -> TemplateError {
        TemplateError { line: self.line, reason: format!("<{}>: {reason}", self.name) }
    }

    /// The elements in it, where text does not belong.
    pub(crate) fn elements(self) -> Result<Vec<Self>, TemplateError> {
        let (name, line) = (self.name, self.line);
        let mut elements = Vec::new();
        for child in self.children {
            match child {
                Node::Element(element) => elements.push(element),
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Text(text) => {
                    let reason = format!("<{name}>: the words {:?} are in no <text>", text.trim());
                    return Err(TemplateError { line, reason });
                }
            }
        }
        Ok(elements)
    }

    /// The value of an attribute, which is then done with.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.attributes.iter().position(|(other, _)| other == name)?;
        Some(self.attributes.swap_remove(place).1)
    }

    /// The same for one that is not plain text.
    pub(crate) fn take_as<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>, TemplateError> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let wrong = || self.wrong(format!("{name}={text:?} is not {expected}"));
        parse(text.trim()).map(Some).ok_or_else(wrong)
    }

    /// Says which attribute nobody asked for.
    pub(crate) fn check_done(&self) -> Result<(), TemplateError> {
        match self.attributes.first() {
            None => Ok(()),
            Some((name, _)) => Err(self.wrong(format!("there is no attribute {name}"))),
        }
    }
}

/// A number within these bounds.
pub(crate) fn within<T: FromStr + PartialOrd>(least: T, most: T) -> impl FnOnce(&str) -> Option<T> {
    move |text| text.parse().ok().filter(|number| least <= *number && *number <= most)
}

fn add(open: &mut [Element], node: Node) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(node);
    }
}

/// `&amp;`, `&#38;` and the like; a template defines no others.
fn character(reference: &BytesRef) -> Option<char> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Some(character),
        Ok(None) => quick_xml::escape::resolve_xml_entity(reference.as_ref())?.chars().next(),
        Err(_) => None,
    }
}
