//! Overrides from the environment: `DAAK__SECTION__KEY`.

use toml::{Table, Value};

/// Before every variable that sets a key.
pub const PREFIX: &str = "DAAK__";

/// One variable, taken apart.
#[derive(Clone, PartialEq)]
pub struct Override {
    /// The variable's whole name, for messages.
    pub variable: String,
    /// Key segments in lower case.
    pub path: Vec<String>,
    /// What it was set to.
    pub text: String,
}

impl Override {
    /// The overrides among `variables`, in the order of their names.
    pub fn all(variables: impl IntoIterator<Item = (String, String)>) -> Vec<Self> {
        let mut found: Vec<Self> = variables
            .into_iter()
            .filter_map(|(variable, text)| {
                let path = variable.strip_prefix(PREFIX)?.split("__").map(str::to_ascii_lowercase).collect();
                Some(Self { variable, path, text })
            })
            .collect();
        found.sort_by(|a, b| a.variable.cmp(&b.variable));
        found
    }

    /// The dotted key.
    pub fn key(&self) -> String {
        self.path.join(".")
    }

    /// The values that the text may mean, the likeliest first: a TOML value (a number, a list, a table), or the text itself.
    pub fn readings(&self) -> Vec<Value> {
        let text = Value::String(self.text.clone());
        match toml::from_str::<Table>(&format!("value = {}", self.text)).ok().and_then(|mut table| table.remove("value")) {
            Some(value) if value != text => vec![value, text],
            _ => vec![text],
        }
    }

    /// Puts `value` into `table` at the key.
    ///
    /// # Errors
    /// A sentence if a segment leads into something that has no keys.
    pub fn put(&self, table: &mut Table, value: Value) -> Result<(), String> {
        let (last, parents) = self.path.split_last().ok_or("a section and a key must follow DAAK__")?;
        if parents.is_empty() || self.path.iter().any(String::is_empty) {
            return Err(format!("expected {PREFIX}SECTION__KEY, such as DAAK__HTTP__LISTEN"));
        }
        let mut here = Here::Table(table);
        for segment in parents {
            here = here.enter(segment)?;
        }
        here.set(last, value)
    }
}

enum Here<'a> {
    Table(&'a mut Table),
    List(&'a mut Vec<Value>),
}

impl<'a> Here<'a> {
    fn enter(self, segment: &str) -> Result<Here<'a>, String> {
        let value = match self {
            Here::Table(table) => table.entry(segment).or_insert_with(|| Value::Table(Table::new())),
            Here::List(items) => {
                let known = items.len();
                segment
                    .parse::<usize>()
                    .ok()
                    .and_then(|at| items.get_mut(at))
                    .ok_or(format!("{segment:?} is no place in a list of {known}, counted from 0"))?
            }
        };
        match value {
            Value::Table(table) => Ok(Here::Table(table)),
            Value::Array(items) => Ok(Here::List(items)),
            _ => Err(format!("{segment} is a value, not a section")),
        }
    }

    fn set(self, last: &str, value: Value) -> Result<(), String> {
        match self {
            Here::Table(table) => {
                table.insert(last.to_owned(), value);
                Ok(())
            }
            Here::List(items) => {
                let known = items.len();
                let slot = last.parse::<usize>().ok().and_then(|at| items.get_mut(at));
                *slot.ok_or(format!("{last:?} is no place in a list of {known}, counted from 0"))? = value;
                Ok(())
            }
        }
    }
}
