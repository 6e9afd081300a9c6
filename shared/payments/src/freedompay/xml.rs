//! Answers: a `<response>` of fields, some of which hold fields of their own, and a signature over all.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use super::sign::{SIGNATURE, signer};
use crate::fields::{ReadError, read_amount, read_currency};

/// Deeper and more than any answer is.
const DEPTH_MAX: usize = 8;
const ELEMENTS_MAX: usize = 2_000;

/// An element: text, or others.
#[derive(Debug, Default)]
pub(super) struct Element {
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

    /// All values as they are signed: in the order of names, those inside a field in its place.
    fn values<'a>(&'a self, into: &mut Vec<&'a str>) {
        let mut sorted: Vec<&Element> = self.children.iter().collect();
        sorted.sort_by_key(|child| &child.name);
        for child in sorted.into_iter().filter(|child| child.name != SIGNATURE) {
            if child.children.is_empty() {
                into.push(&child.text);
            } else {
                child.values(into);
            }
        }
    }
}

/// Reads an answer that `script` gave and signed with the secret. One that says `error` is an error
/// whether it is signed or not: FreedomPay does not sign for whom it does not know.
pub(super) fn read(body: &[u8], script: &str, secret: &str) -> Result<Element, ReadError> {
    let answer = parse(body)?;
    let status = answer.required("pg_status")?;
    if status != "ok" {
        let code = answer.get("pg_error_code").unwrap_or(status);
        let message = answer.get("pg_error_description").unwrap_or("no reason given");
        return Err(ReadError::Refused { message: format!("{code} {message}") });
    }
    let mut values = Vec::new();
    answer.values(&mut values);
    let signature = answer.get(SIGNATURE).unwrap_or_default();
    signer(signature, script, &values, &[secret]).ok_or(ReadError::NotAuthentic)?;
    Ok(answer)
}

fn parse(body: &[u8]) -> Result<Element, ReadError> {
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
                close(element, &mut open)?;
            }
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| ReadError::unreadable("nothing is open"))?;
                if open.is_empty() {
                    return whole(element);
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

fn whole(root: Element) -> Result<Element, ReadError> {
    if root.name != "response" {
        return Err(ReadError::unreadable(format!("<{}> is no response", root.name)));
    }
    let mut names: Vec<&str> = root.children.iter().map(|child| child.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(ReadError::unreadable(format!("{} is there twice", pair[0]))),
        None => Ok(root),
    }
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
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(body: &str, expected: Expect) {
        let show = |root: Element| {
            let mut values = Vec::new();
            root.values(&mut values);
            values.join(";")
        };
        expected.assert_eq(&parse(body.as_bytes()).map_or_else(|error| error.to_string(), show));
    }

    #[test]
    fn values_inside_a_field_are_signed_in_its_place() {
        check(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<response>\n <pg_status>ok</pg_status>\n \
             <pg_refunds>\n <pg_refund><pg_id>7</pg_id><pg_amount>-1</pg_amount></pg_refund>\n \
             <pg_refund><pg_id>8</pg_id><pg_amount>-2</pg_amount></pg_refund>\n </pg_refunds>\n \
             <pg_a>x &amp; y&#33;</pg_a><pg_b/><pg_sig>s</pg_sig></response>",
            expect!["x & y!;;-1;7;-2;8;ok"],
        );
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        check("", expect!["the answer cannot be read: it ends too early"]);
        check("<html></html>", expect!["the answer cannot be read: <html> is no response"]);
        check(
            "<response><a>1</a><a>2</a></response>",
            expect!["the answer cannot be read: a is there twice"],
        );
        check(
            "<!DOCTYPE r [<!ENTITY a 'b'>]><response>&a;</response>",
            expect!["the answer cannot be read: a document type"],
        );
        check("<response>&a;</response>", expect!["the answer cannot be read: &a; is not defined"]);
        let deep = format!("{}{}", "<response>".repeat(9), "</response>".repeat(9));
        check(&deep, expect!["the answer cannot be read: too many elements"]);
    }
}
