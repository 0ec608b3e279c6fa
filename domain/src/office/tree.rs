//! Ways up and down the tree.

use super::{Office, Offices};
use jiff::civil::Date;
use std::collections::BTreeSet;

impl Offices {
    /// The office of this code on a day.
    pub fn on(&self, code: &str, day: Date) -> Option<&Office> {
        self.rows.get(code)?.iter().find(|office| office.is_open(day))
    }

    /// The office of this code on a day, or else as it was last, or will be first: to show its name.
    pub fn shown(&self, code: &str, day: Date) -> Option<&Office> {
        self.on(code, day).or_else(|| self.rows.get(code)?.iter().rev().find(|o| o.from.is_none_or(|from| from <= day)))
    }

    /// Every office on a day, by code.
    pub fn all(&self, day: Date) -> impl Iterator<Item = &Office> {
        self.rows.keys().filter_map(move |code| self.on(code, day))
    }

    /// Whether an office of this code ever was or will be.
    pub fn is_known(&self, code: &str) -> bool {
        self.rows.contains_key(code)
    }

    /// The office of a district.
    pub fn of_district(&self, district: &str, day: Date) -> Option<&Office> {
        self.on(&format!("DM-{district}"), day)
    }

    /// The office of a block or municipality.
    pub fn of_local(&self, local: &str, day: Date) -> Option<&Office> {
        self.on(&format!("BDO-{local}"), day).or_else(|| self.on(&format!("MUN-{local}"), day))
    }

    /// The office directly above.
    pub fn superior(&self, code: &str, day: Date) -> Option<&Office> {
        self.on(self.shown(code, day)?.parent.as_deref()?, day)
    }

    /// The office and all above it, the nearest first.
    pub fn line(&self, code: &str, day: Date) -> Vec<&Office> {
        let mut line: Vec<&Office> = self.shown(code, day).into_iter().collect();
        while let Some(above) = line.last().and_then(|office| self.on(office.parent.as_deref()?, day)) {
            // The tree was checked; an office that closed is not followed round in a circle all the same.
            if line.iter().any(|office| office.code == above.code) {
                break;
            }
            line.push(above);
        }
        line
    }

    /// Codes of the office and of all that were ever below it by a way that exists on this day.
    pub fn below(&self, code: &str, day: Date) -> BTreeSet<String> {
        let (mut all, mut next) = (BTreeSet::new(), vec![code.to_owned()]);
        while let Some(code) = next.pop() {
            let under = self.below.get(&code).into_iter().flatten();
            next.extend(under.filter(|c| self.shown(c, day).is_some_and(|o| o.parent.as_ref() == Some(&code))).cloned());
            all.insert(code);
            next.retain(|code| !all.contains(code));
        }
        all
    }

    /// The nearest office that is above both, or is one of them.
    pub fn common_superior(&self, one: &str, other: &str, day: Date) -> Option<&Office> {
        let others: BTreeSet<&str> = self.line(other, day).iter().map(|office| office.code.as_str()).collect();
        self.line(one, day).into_iter().find(|office| others.contains(office.code.as_str()))
    }
}
