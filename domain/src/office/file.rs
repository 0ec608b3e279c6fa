//! Reading and checking `offices.csv`, and the offices that the other masters imply.

use super::{Office, OfficeKind, Offices, Post};
use crate::phone::PhoneNumber;
use crate::place::{District, LocalKind, Places};
use crate::taxonomy::{MasterError, Taxonomy, rows};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::BTreeSet;

const FILE: &str = "offices.csv";
/// The department whose head office is the top of the tree.
const TOP: &str = "CMO";

#[derive(Deserialize)]
struct Row {
    code: String,
    kind: OfficeKind,
    parent: Option<String>,
    department: Option<String>,
    district: Option<String>,
    local: Option<String>,
    name_en: String,
    name_bn: String,
    name_hi: String,
    officer: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    deputy: Option<String>,
    deputy_phone: Option<String>,
    deputy_email: Option<String>,
    #[serde(default)]
    leave: String,
    valid_from: Option<String>,
    valid_until: Option<String>,
}

impl Offices {
    /// Reads `offices.csv` over the offices that departments and places imply: a row takes the place of the implied office of
    /// its code.
    ///
    /// # Errors
    /// The first mistake with its line: an unknown parent, a loop, a time without its office above, two rows of one code at the
    /// same time or with a hole between, an unknown department or place.
    pub fn read(text: &str, taxonomy: &Taxonomy, places: &Places) -> Result<Self, MasterError> {
        let mut offices = Self::default();
        for (line, row) in rows::<Row>(FILE, text)? {
            let wrong = |what| MasterError { file: FILE, line, what };
            let office = row.into_office(line, taxonomy, places).map_err(wrong)?;
            offices.rows.entry(office.code.clone()).or_default().push(office);
        }
        for office in implied(taxonomy, places) {
            offices.rows.entry(office.code.clone()).or_insert_with(|| vec![office]);
        }
        for rows in offices.rows.values_mut() {
            rows.sort_by_key(|office| office.from);
            follow_each_other(rows)?;
        }
        for office in offices.rows.values().flatten() {
            if let Some(parent) = &office.parent {
                offices.below.entry(parent.clone()).or_default().insert(office.code.clone());
            }
        }
        offices.check_tree()?;
        Ok(offices)
    }

    /// On every day on which something changes, each office's way up ends at the one top.
    fn check_tree(&self) -> Result<(), MasterError> {
        let all = || self.rows.values().flatten();
        if let Some(office) = all().filter(|office| office.parent.is_none() && office.code != TOP).min_by_key(|office| office.stands) {
            return Err(wrong(office, format!("there is a top already, {TOP}: give the office above {}", office.code)));
        }
        if let Some(office) = all().find(|office| office.code == TOP && office.parent.is_some()) {
            return Err(wrong(office, format!("{TOP} is the top: nothing is above it")));
        }
        let mut days: BTreeSet<Date> = all().flat_map(|o| [o.from, o.until.and_then(next)]).flatten().collect();
        days.insert(Date::MIN);
        let mut found: Vec<MasterError> = Vec::new();
        for day in days {
            found.extend(self.all(day).filter_map(|office| self.check_way_up(office, day).err()));
        }
        found.into_iter().min_by_key(|why| why.line).map_or(Ok(()), Err)
    }

    fn check_way_up(&self, office: &Office, day: Date) -> Result<(), MasterError> {
        let (mut at, mut seen) = (office, BTreeSet::from([office.code.as_str()]));
        while let Some(parent) = &at.parent {
            let Some(above) = self.on(parent, day) else {
                let when = if self.is_known(parent) { format!(" on {day}") } else { String::new() };
                return Err(wrong(at, format!("the office above, {parent}, does not exist{when}")));
            };
            if !seen.insert(&above.code) {
                return Err(wrong(
                    office,
                    format!("{} lies above itself: {}", office.code, seen.into_iter().collect::<Vec<_>>().join(", ")),
                ));
            }
            at = above;
        }
        Ok(())
    }
}

fn wrong(office: &Office, what: String) -> MasterError {
    MasterError { file: office.stands.0, line: office.stands.1, what }
}

fn next(day: Date) -> Option<Date> {
    day.checked_add(1.day()).ok()
}

/// Rows of one code neither overlap nor leave a hole.
fn follow_each_other(rows: &[Office]) -> Result<(), MasterError> {
    for pair in rows.windows(2) {
        let [before, after] = pair else { continue };
        let starts = after.from.unwrap_or(Date::MIN);
        match before.until.and_then(next) {
            Some(free) if free == starts => {}
            Some(free) if free < starts => {
                let last = starts.checked_sub(1.day()).unwrap_or(starts);
                return Err(wrong(after, format!("{} has a hole from {free} to {last}", after.code)));
            }
            _ => return Err(wrong(after, format!("{} holds at the same time as line {}", after.code, before.stands.1))),
        }
    }
    Ok(())
}

impl Row {
    fn into_office(self, line: u64, taxonomy: &Taxonomy, places: &Places) -> Result<Office, String> {
        let fits =
            (2..=24).contains(&self.code.len()) && self.code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        if !fits {
            return Err(format!("{:?}: a code has 2 to 24 capital letters, digits and dashes", self.code));
        }
        if let Some(code) = self.department.as_ref().filter(|code| !taxonomy.departments.contains_key(*code)) {
            return Err(format!("there is no department {code:?} in departments.csv"));
        }
        if let Some(code) = self.district.as_ref().filter(|code| !places.districts.contains_key(*code)) {
            return Err(format!("there is no district {code:?} in districts.csv"));
        }
        if let Some(code) = self.local.as_ref().filter(|code| !places.locals.contains_key(*code)) {
            return Err(format!("there is no block or municipality {code:?} in blocks.csv and municipalities.csv"));
        }
        if [&self.name_en, &self.name_bn, &self.name_hi].iter().any(|name| name.trim().is_empty()) {
            return Err("a name is missing: give name_en, name_bn and name_hi".to_owned());
        }
        let (from, until) = (day("valid_from", self.valid_from)?, day("valid_until", self.valid_until)?);
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            return Err(format!("{} ends before it begins", self.code));
        }
        Ok(Office {
            kind: self.kind,
            parent: self.parent,
            department: self.department,
            district: self.district,
            local: self.local,
            name_en: self.name_en,
            name_bn: self.name_bn,
            name_hi: self.name_hi,
            officer: post("phone", self.officer, self.phone, self.email)?,
            deputy: post("deputy_phone", self.deputy, self.deputy_phone, self.deputy_email)?,
            leave: self.leave.split('|').filter(|l| !l.trim().is_empty()).map(leave).collect::<Result<_, _>>()?,
            from,
            until,
            stands: (FILE, line),
            code: self.code,
        })
    }
}

fn day(column: &str, text: Option<String>) -> Result<Option<Date>, String> {
    text.map(|text| text.parse().map_err(|_| format!("{column}: {text:?} is no day: write 2026-10-20"))).transpose()
}

fn leave(text: &str) -> Result<(Date, Date), String> {
    let days = text.trim().split_once('/').and_then(|(first, last)| Some((first.parse::<Date>().ok()?, last.parse::<Date>().ok()?)));
    days.filter(|(first, last)| first <= last)
        .ok_or_else(|| format!("{text:?}: leave is written 2026-12-25/2026-12-31, the first and the last day"))
}

fn post(column: &str, name: Option<String>, phone: Option<String>, email: Option<String>) -> Result<Post, String> {
    let phone = phone.map(|text| PhoneNumber::parse(&text).map_err(|why| format!("{column}: {text:?}: {why}"))).transpose()?;
    Ok(Post { name, phone, email })
}

/// The offices that the other masters imply.
fn implied(taxonomy: &Taxonomy, places: &Places) -> Vec<Office> {
    let mut all = Vec::new();
    for (line, department) in (2..).zip(taxonomy.departments.values()) {
        let top = department.code == TOP;
        let hindi = [&department.name_hi, &department.name_en].into_iter().find(|name| !name.is_empty());
        all.push(Office {
            kind: if top { OfficeKind::State } else { OfficeKind::Department },
            parent: (!top).then(|| TOP.to_owned()),
            department: Some(department.code.clone()),
            ..plain(
                department.code.clone(),
                [&department.name_en, &department.name_bn, hindi.unwrap_or(&department.name_en)].map(Clone::clone),
                ("departments.csv", line),
            )
        });
    }
    for (line, district) in (2..).zip(places.districts.values()) {
        all.push(Office {
            kind: OfficeKind::District,
            parent: Some(TOP.to_owned()),
            district: Some(district.code.clone()),
            ..plain(format!("DM-{}", district.code), magistrate(district), ("districts.csv", line))
        });
    }
    for local in places.locals.values() {
        let (prefix, kind, file, words) = match local.kind {
            LocalKind::Block => ("BDO", OfficeKind::Block, "blocks.csv", BLOCK),
            LocalKind::Municipality => ("MUN", OfficeKind::Municipality, "municipalities.csv", MUNICIPALITY),
        };
        // Names in other scripts are not in these masters yet; the English one is understood by everybody who has to read it.
        let names = words.map(|word| format!("{word}, {}", local.name_en));
        all.push(Office {
            kind,
            parent: Some(local.district.as_ref().map_or_else(|| TOP.to_owned(), |district| format!("DM-{district}"))),
            district: local.district.clone(),
            local: Some(local.code.clone()),
            ..plain(format!("{prefix}-{}", local.code), names, (file, 1))
        });
    }
    all
}

/// English, Bengali, Hindi.
const BLOCK: [&str; 3] = ["Block Development Officer", "সমষ্টি উন্নয়ন আধিকারিক", "प्रखंड विकास अधिकारी"];
const MUNICIPALITY: [&str; 3] = ["Municipality", "পৌরসভা", "नगरपालिका"];

fn magistrate(district: &District) -> [String; 3] {
    let hindi = district.aliases.split('|').find(|name| name.chars().any(|c| ('\u{0900}'..='\u{097f}').contains(&c)));
    [
        format!("District Magistrate, {}", district.name_en),
        format!("জেলাশাসক, {}", district.name_bn),
        format!("ज़िलाधिकारी, {}", hindi.unwrap_or(&district.name_en)),
    ]
}

fn plain(code: String, [name_en, name_bn, name_hi]: [String; 3], stands: (&'static str, u64)) -> Office {
    Office {
        code,
        kind: OfficeKind::Local,
        parent: None,
        department: None,
        district: None,
        local: None,
        name_en,
        name_bn,
        name_hi,
        officer: Post::default(),
        deputy: Post::default(),
        leave: Vec::new(),
        from: None,
        until: None,
        stands,
    }
}
