//! The marked tree.

use crate::error::{FlowError, Mark};
use saphyr_parser::{Event, Parser, ScalarStyle};

/// One YAML value and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub mark: Mark,
    pub content: Content,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A scalar; `plain` if it stood without quotes, so that `12` and `true` may be read as such.
    Scalar { text: String, plain: bool },
    /// A list.
    List(Vec<Node>),
    /// A mapping in its order. Keys are scalars, each at most once.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub mark: Mark,
    pub text: String,
}

/// Nesting beyond this is refused; real flows need 8.
const DEEPEST: usize = 32;

/// Parses one document.
///
/// Anchors, aliases and tags are refused: a flow shall read the same to a person and to us, and
/// an alias inside an alias can be made to fill the memory.
pub(crate) fn parse(file: &str, text: &str) -> Result<Node, FlowError> {
    let mut events = Events { file, parser: Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) };
    loop {
        match events.next()? {
            (Event::DocumentStart(_), _) => break,
            (Event::StreamEnd, mark) => return Err(FlowError::at(file, mark, "the file is empty", "a mapping")),
            _ => {}
        }
    }
    let first = events.next()?;
    let root = events.node(first, 0)?;
    loop {
        match events.next()? {
            (Event::StreamEnd, _) => return Ok(root),
            (Event::DocumentStart(_), mark) => {
                return Err(FlowError::at(file, mark, "a second document begins here", "one document a file"));
            }
            _ => {}
        }
    }
}

impl Node {
    /// The value under `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|(k, _)| k.text == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The place of the deepest existing node on the way `path` (keys, or indices of lists).
    pub fn place(&self, path: &[String]) -> Mark {
        let mut node = self;
        let mut mark = self.mark;
        for step in path {
            let next = match &node.content {
                Content::Map(entries) => entries.iter().find(|(k, _)| k.text == *step).map(|(k, n)| (k.mark, n)),
                Content::List(items) => step.parse::<usize>().ok().and_then(|i| items.get(i)).map(|n| (n.mark, n)),
                Content::Scalar { .. } => None,
            };
            let Some((place, child)) = next else { break };
            // A scalar is what is wrong itself; of anything larger the key is.
            mark = if matches!(child.content, Content::Scalar { .. }) { child.mark } else { place };
            node = child;
        }
        mark
    }

    /// The place of the value `word` under the key `way`; else of any value that is `word`; else of the key `way`.
    pub fn find(&self, way: &str, word: &str) -> Option<Mark> {
        let way = way.replace(' ', "_");
        self.search(&|key, node| key.is_some_and(|k| k.text == way) && node.is(word))
            .or_else(|| self.get(&way).and_then(|under| under.search(&|_, node| node.is(word))))
            .or_else(|| self.search(&|_, node| node.is(word)))
            .or_else(|| self.search(&|key, _| key.is_some_and(|k| k.text == way)))
    }

    fn is(&self, word: &str) -> bool {
        matches!(&self.content, Content::Scalar { text, .. } if text == word)
    }

    /// The first node, in the order of the file, for which `wanted` holds.
    fn search(&self, wanted: &dyn Fn(Option<&Key>, &Node) -> bool) -> Option<Mark> {
        match &self.content {
            Content::Scalar { .. } => None,
            Content::List(items) => items.iter().find_map(|item| if wanted(None, item) { Some(item.mark) } else { item.search(wanted) }),
            Content::Map(entries) => entries.iter().find_map(|(key, node)| {
                if !wanted(Some(key), node) {
                    return node.search(wanted);
                }
                Some(if matches!(node.content, Content::Scalar { .. }) { node.mark } else { key.mark })
            }),
        }
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Scalar { .. } => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }
}

struct Events<'a> {
    file: &'a str,
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Mark), FlowError> {
        match self.parser.next() {
            Some(Ok((event, span))) => Ok((event, Mark { line: span.start.line(), column: span.start.col() + 1 })),
            Some(Err(error)) => {
                let mark = Mark { line: error.marker().line(), column: error.marker().col() + 1 };
                Err(FlowError::at(self.file, mark, format!("this is not YAML: {}", error.info()), "YAML 1.2, indented by spaces"))
            }
            None => Ok((Event::StreamEnd, Mark { line: 1, column: 1 })),
        }
    }

    fn node(&mut self, (event, mark): (Event<'a>, Mark), depth: usize) -> Result<Node, FlowError> {
        if depth > DEEPEST {
            return Err(FlowError::at(self.file, mark, "too deeply nested", format!("at most {DEEPEST} levels")));
        }
        let (anchor, tag) = match &event {
            Event::Scalar(_, _, anchor, tag) | Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                (*anchor, tag.is_some())
            }
            _ => (0, false),
        };
        if anchor != 0 || tag || matches!(event, Event::Alias(_)) {
            return Err(FlowError::at(self.file, mark, "anchors, aliases and tags are not read", "the value itself"));
        }
        let content = match event {
            Event::Scalar(text, style, ..) => Content::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain },
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.map(depth)?,
            _ => return Err(FlowError::at(self.file, mark, "a value is missing", "a text, a list or a mapping")),
        };
        Ok(Node { mark, content })
    }

    fn list(&mut self, depth: usize) -> Result<Content, FlowError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Content::List(items)),
                other => items.push(self.node(other, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Content, FlowError> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        loop {
            let (event, mark) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Content::Map(entries));
            }
            let key = self.node((event, mark), depth + 1)?;
            let Content::Scalar { text, .. } = key.content else {
                return Err(FlowError::at(self.file, mark, format!("a key is {}", key.kind()), "a text as the key"));
            };
            if let Some((first, _)) = entries.iter().find(|(k, _)| k.text == text) {
                let what = format!("`{text}` stands here a second time, after line {}", first.mark.line);
                return Err(FlowError::at(self.file, mark, what, "each key once"));
            }
            let value = self.next()?;
            entries.push((Key { mark, text }, self.node(value, depth + 1)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(path: &[&str]) -> Vec<String> {
        path.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn every_value_knows_its_place() {
        let root = parse("x.yaml", "a:\n  - one\n  - b: two\n    c: {d: e}\n").expect("YAML");
        assert_eq!(root.place(&keys(&["a", "1", "b"])), Mark { line: 3, column: 8 });
        assert_eq!(root.place(&keys(&["a", "1", "c"])), Mark { line: 4, column: 5 });
        assert_eq!(root.place(&keys(&["a", "1", "c", "missing"])), Mark { line: 4, column: 5 });
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        for (text, line, part) in [
            ("", 1, "empty"),
            ("a: 1\na: 2\n", 2, "second time, after line 1"),
            ("a: &x 1\nb: *x\n", 1, "anchors"),
            ("a: !!str 1\n", 1, "tags"),
            ("a: [1\nb: 2\n", 2, "not YAML"),
            ("? [a]\n: b\n", 1, "a key is a list"),
            ("a: 1\n---\nb: 2\n", 2, "second document"),
        ] {
            let error = parse("x.yaml", text).expect_err(text);
            assert!(error.what.contains(part), "{text:?}: {error}");
            assert_eq!(error.line, line, "{text:?}: {error}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(parse("x.yaml", &deep).is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[a-c:\\-\\[\\]{}\"'|>&*!#\n ,?]{0,60}") {
            let _ = parse("x.yaml", &text);
        }
    }
}
