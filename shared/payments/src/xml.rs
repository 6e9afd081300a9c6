//! Answers in XML: elements that hold text or others.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use crate::fields::{ReadError, read_amount, read_currency};

/// Deeper than any answer is.
const DEPTH_MAX: usize = 8;
/// More than fit into the bytes that are read of an answer.
const ELEMENTS_MAX: usize = 50_000;

/// An element: text, or others.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The text of a child; none for one without text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn required(&self, name: &str) -> Result<&str, ReadError> {
        self.get(name).ok_or_else(|| ReadError::unreadable(format!("{name} is missing")))
    }

    pub fn amount(&self, name: &str) -> Result<rust_decimal::Decimal, ReadError> {
        let text = self.required(name)?;
        read_amount(text).ok_or_else(|| ReadError::unreadable(format!("{name} is no amount: {text:?}")))
    }

    pub fn currency(&self, name: &str) -> Result<iso_currency::Currency, ReadError> {
        let text = self.required(name)?;
        read_currency(text).ok_or_else(|| ReadError::unreadable(format!("{name} is no currency: {text:?}")))
    }

    /// Refuses one that has two children of a name, which leave open what is meant.
    pub fn check_names(&self) -> Result<(), ReadError> {
        let mut names: Vec<&str> = self.children.iter().map(|child| child.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(ReadError::unreadable(format!("{} is there twice", pair[0]))),
            None => Ok(()),
        }
    }
}

/// Reads a document whose outermost element has this name.
pub(crate) fn parse(body: &[u8], root: &str) -> Result<Element, ReadError> {
    let text = std::str::from_utf8(body).map_err(ReadError::unreadable)?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0;
    loop {
        match reader.read_event().map_err(ReadError::unreadable)? {
            Event::Start(start) => {
                elements += 1;
                if open.len() == DEPTH_MAX || ELEMENTS_MAX < elements {
                    return Err(ReadError::unreadable("too many elements"));
                }
                open.push(Element { name: start.name().as_ref().to_owned(), ..Element::default() });
            }
            Event::Empty(start) => {
                let element = Element { name: start.name().as_ref().to_owned(), ..Element::default() };
                if open.is_empty() {
                    return named(element, root);
                }
                close(element, &mut open)?;
            }
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| ReadError::unreadable("nothing is open"))?;
                if open.is_empty() {
                    return named(element, root);
                }
                close(element, &mut open)?;
            }
            Event::Text(text) => write(&text.xml10_content(), &mut open),
            Event::CData(text) => write(&text.xml10_content(), &mut open),
            Event::GeneralRef(reference) => write(&character(&reference)?.to_string(), &mut open),
            // What a document type could define is not needed, and could be made to grow.
            Event::DocType(_) => return Err(ReadError::unreadable("a document type")),
            Event::Eof => return Err(ReadError::unreadable("it ends too early")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

fn named(element: Element, root: &str) -> Result<Element, ReadError> {
    if element.name != root {
        return Err(ReadError::unreadable(format!("<{}> is no {root}", element.name)));
    }
    Ok(element)
}

fn close(mut element: Element, open: &mut [Element]) -> Result<(), ReadError> {
    let parent = open.last_mut().ok_or_else(|| ReadError::unreadable("nothing is open"))?;
    if !element.children.is_empty() {
        element.text.clear(); // the blanks of its layout
    }
    parent.children.push(element);
    Ok(())
}

fn write(text: &str, open: &mut [Element]) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn character(reference: &BytesRef) -> Result<char, ReadError> {
    if let Some(character) = reference.resolve_char_ref().map_err(ReadError::unreadable)? {
        return Ok(character);
    }
    let name: &str = reference.as_ref();
    quick_xml::escape::resolve_xml_entity(name)
        .and_then(|text| text.chars().next())
        .ok_or_else(|| ReadError::unreadable(format!("&{name}; is not defined")))
}

#[cfg(test)]
mod payment_callbacks {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(body: &str, expected: Expect) {
        let parsed = parse(body.as_bytes(), "response");
        expected.assert_eq(&parsed.map_or_else(|error| error.to_string(), |_| "read".to_owned()));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        check("", expect!["the answer cannot be read: it ends too early"]);
        check("<html></html>", expect!["the answer cannot be read: <html> is no response"]);
        check("<html/>", expect!["the answer cannot be read: <html> is no response"]);
        check("<response/>", expect!["read"]);
        check(
            "<!DOCTYPE r [<!ENTITY a 'b'>]><response>&a;</response>",
            expect!["the answer cannot be read: a document type"],
        );
        check("<response>&a;</response>", expect!["the answer cannot be read: &a; is not defined"]);
        let deep = format!("{}{}", "<response>".repeat(9), "</response>".repeat(9));
        check(&deep, expect!["the answer cannot be read: too many elements"]);
        let many = format!("<response>{}</response>", "<a></a>".repeat(ELEMENTS_MAX));
        check(&many, expect!["the answer cannot be read: too many elements"]);
    }
}
