//! The offices of the state as a tree: who lies under whom, who is in charge, and since when.
//!
//! Every department has its head office and every district the office of its District Magistrate, with an office for each block
//! and municipality below, as the masters name them. `offices.csv` adds directorates and subdivisions, and replaces any of
//! these by a row of the same code. Offices come and go: each row says from when until when it holds, so that a ticket of
//! yesterday shows the office of yesterday. Pure: the day is an argument.

mod file;
mod tree;

use crate::language::Language;
use crate::phone::PhoneNumber;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Every office, by code and time.
#[derive(Debug, Clone, Default)]
pub struct Offices {
    /// Rows of one code follow each other in time.
    rows: BTreeMap<String, Vec<Office>>,
    /// Codes of those that were ever directly below.
    below: BTreeMap<String, BTreeSet<String>>,
}

/// An office, as it is for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    /// Its code, by which tickets name it.
    pub code: String,
    /// What kind of office it is.
    pub kind: OfficeKind,
    /// Code of the office above; none at the top.
    pub parent: Option<String>,
    /// Code of its department; an office of the general administration has none and serves all.
    pub department: Option<String>,
    /// LGD code of its district.
    pub district: Option<String>,
    /// LGD code of its block or municipality.
    pub local: Option<String>,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: String,
    /// The nodal officer.
    pub officer: Post,
    /// Who stands in while the nodal officer is away.
    pub deputy: Post,
    /// When the nodal officer is away: first and last day.
    pub leave: Vec<(Date, Date)>,
    /// Its first day; none: since ever.
    pub from: Option<Date>,
    /// Its last day; none: until further notice.
    pub until: Option<Date>,
    /// Where it stands, for whoever mends it: file and line.
    pub stands: (&'static str, u64),
}

/// A person's place in an office.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Post {
    /// Sign-in name.
    pub name: Option<String>,
    /// Where SMS go.
    pub phone: Option<PhoneNumber>,
    /// Where mail goes.
    pub email: Option<String>,
}

/// What kind of office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficeKind {
    /// The top: the Chief Minister's office.
    State,
    /// Head office of a department.
    Department,
    /// A directorate of a department.
    Directorate,
    /// The District Magistrate's office.
    District,
    /// The Sub-Divisional Officer's office.
    Subdivision,
    /// The Block Development Officer's office.
    Block,
    /// A municipality or corporation.
    Municipality,
    /// Any other: a division of engineers, a police station, a hospital.
    Local,
}

/// Who is in charge of an office on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InCharge<'a> {
    /// The person.
    pub post: &'a Post,
    /// Whether it is the deputy, because the nodal officer is away.
    pub deputy: bool,
}

impl OfficeKind {
    /// Every kind.
    pub const ALL: [OfficeKind; 8] = [
        OfficeKind::State,
        OfficeKind::Department,
        OfficeKind::Directorate,
        OfficeKind::District,
        OfficeKind::Subdivision,
        OfficeKind::Block,
        OfficeKind::Municipality,
        OfficeKind::Local,
    ];

    /// The name used in the HTTP API and in `offices.csv`.
    pub fn as_str(self) -> &'static str {
        match self {
            OfficeKind::State => "state",
            OfficeKind::Department => "department",
            OfficeKind::Directorate => "directorate",
            OfficeKind::District => "district",
            OfficeKind::Subdivision => "subdivision",
            OfficeKind::Block => "block",
            OfficeKind::Municipality => "municipality",
            OfficeKind::Local => "local",
        }
    }
}

impl Office {
    /// Whether it exists on this day.
    pub fn is_open(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// Its name in the language in which people are answered.
    pub fn name(&self, language: Language) -> &str {
        match language.answered_in() {
            Language::Hi => &self.name_hi,
            Language::En => &self.name_en,
            _ => &self.name_bn,
        }
    }

    /// Who is in charge on this day: the nodal officer, or while they are away the deputy, where there is one.
    pub fn in_charge(&self, day: Date) -> InCharge<'_> {
        let away = self.leave.iter().any(|(first, last)| (*first..=*last).contains(&day));
        if away && !self.deputy.is_empty() {
            return InCharge { post: &self.deputy, deputy: true };
        }
        InCharge { post: &self.officer, deputy: false }
    }
}

impl Post {
    /// Whether nobody is named.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.phone.is_none() && self.email.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Places;
    use crate::taxonomy::{MasterError, Taxonomy};
    use proptest::prelude::*;

    const HEAD: &str = "code,kind,parent,department,district,local,name_en,name_bn,name_hi,officer,phone,email,deputy,deputy_phone,deputy_email,leave,valid_from,valid_until\n";

    fn masters() -> (Taxonomy, Places) {
        let taxonomy = Taxonomy::read(include_str!("../../config/taxonomy.csv"), include_str!("../../config/departments.csv"));
        let places = Places::read(
            include_str!("../../config/districts.csv"),
            include_str!("../../config/blocks.csv"),
            include_str!("../../config/municipalities.csv"),
        );
        (taxonomy.expect("shipped"), places.expect("shipped"))
    }

    fn with(rows: &str) -> Result<Offices, MasterError> {
        let (taxonomy, places) = masters();
        Offices::read(&format!("{HEAD}{rows}"), &taxonomy, &places)
    }

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    fn today() -> Date {
        day("2026-11-24")
    }

    #[test]
    fn every_department_has_its_head_and_every_district_its_magistrate() {
        let (taxonomy, places) = masters();
        let offices = Offices::read(include_str!("../../config/offices.csv"), &taxonomy, &places).expect("the shipped file is good");
        for code in taxonomy.departments.keys() {
            assert!(offices.on(code, today()).is_some_and(|office| office.department.as_ref() == Some(code)), "{code}");
        }
        for (code, district) in &places.districts {
            let office = offices.of_district(code, today()).expect("each district has one");
            assert_eq!((office.kind, office.parent.as_deref()), (OfficeKind::District, Some("CMO")), "{}", district.name_en);
            assert!(!office.name_bn.is_empty() && !office.name_hi.is_empty());
        }
        for (code, local) in &places.locals {
            let office = offices.of_local(code, today()).expect("each block and municipality has one");
            assert_eq!(office.district, local.district);
            assert_eq!(offices.line(&office.code, today()).last().map(|o| o.code.as_str()), Some("CMO"));
        }
        assert_eq!(
            offices.below("DM-303", today()).len(),
            1 + places.locals.values().filter(|l| l.district.as_deref() == Some("303")).count()
        );
        assert_eq!(
            offices.on("DM-305", today()).map(|o| (o.name_bn.as_str(), o.name_hi.as_str())),
            Some(("জেলাশাসক, বাঁকুড়া", "ज़िलाधिकारी, बाँकुड़ा"))
        );
    }

    #[test]
    fn yesterday_s_ticket_shows_yesterday_s_office() {
        let offices = with(
            "SDO-KHATRA,subdivision,DM-305,,305,,SDO Khatra,মহকুমাশাসক খাতড়া,अनुमंडल खातड़ा,,,,,,,,,2026-10-31\n\
             SDO-KHATRA,subdivision,DM-305,,305,,SDO Khatra (new),মহকুমাশাসক খাতড়া (নতুন),अनुमंडल खातड़ा (नया),,,,,,,,2026-11-01,\n",
        )
        .expect("good");
        assert_eq!(offices.on("SDO-KHATRA", day("2026-10-31")).map(|o| o.name_en.as_str()), Some("SDO Khatra"));
        assert_eq!(offices.on("SDO-KHATRA", day("2026-11-01")).map(|o| o.name_en.as_str()), Some("SDO Khatra (new)"));
    }

    #[test]
    fn work_goes_to_the_deputy_while_the_officer_is_away() {
        let offices = with(
            "DM-305,district,CMO,,305,,DM,জেলাশাসক,ज़िलाधिकारी,asha,9830012345,,bimal,9830012346,,2026-11-20/2026-11-24|2026-12-25/2026-12-31,,\n",
        );
        let offices = offices.expect("good");
        let in_charge =
            |on: &str| offices.on("DM-305", day(on)).map(|o| (o.in_charge(day(on)).post.name.clone(), o.in_charge(day(on)).deputy));
        assert_eq!(in_charge("2026-11-19"), Some((Some("asha".into()), false)));
        assert_eq!(in_charge("2026-11-24"), Some((Some("bimal".into()), true)));
        assert_eq!(in_charge("2026-11-25"), Some((Some("asha".into()), false)));
        assert_eq!(in_charge("2026-12-25"), Some((Some("bimal".into()), true)));
    }

    #[test]
    fn what_is_no_tree_is_refused_with_its_line() {
        let row = |code: &str, parent: &str, rest: &str| format!("{code},local,{parent},,,,x,x,x,,,,,,,{rest}\n");
        for (rows, line, said) in [
            (row("A-1", "NOBODY", ",,"), 2, "the office above, NOBODY, does not exist"),
            (row("A-1", "A-2", ",,") + &row("A-2", "A-1", ",,"), 2, "lies above itself"),
            (
                row("A-1", "CMO", ",2026-01-01,2026-06-30") + &row("A-2", "A-1", ",2026-01-01,"),
                3,
                "the office above, A-1, does not exist on 2026-07-01",
            ),
            (row("A-1", "CMO", ",2026-01-01,2026-06-30") + &row("A-1", "CMO", ",2026-06-01,"), 3, "holds at the same time as line 2"),
            (row("A-1", "CMO", ",2026-01-01,2026-05-30") + &row("A-1", "CMO", ",2026-06-01,"), 3, "a hole from 2026-05-31 to 2026-05-31"),
            (row("A-1", "CMO", ",2026-06-01,2026-01-01"), 2, "ends before it begins"),
            (row("A-1", "", ",,"), 2, "there is a top already"),
            (row("a 1", "CMO", ",,"), 2, "a code has 2 to 24"),
            ("A-1,local,CMO,XX,,,x,x,x,,,,,,,,,\n".into(), 2, "there is no department \"XX\""),
            ("A-1,local,CMO,,999,,x,x,x,,,,,,,,,\n".into(), 2, "there is no district \"999\""),
            ("A-1,local,CMO,,,7,x,x,x,,,,,,,,,\n".into(), 2, "there is no block or municipality \"7\""),
            ("A-1,local,CMO,,,,x,,x,,,,,,,,,\n".into(), 2, "a name is missing"),
            ("A-1,palace,CMO,,,,x,x,x,,,,,,,,,\n".into(), 2, "palace"),
            (row("A-1", "CMO", "2026-01-01,,"), 2, "leave is written 2026-12-25/2026-12-31"),
            ("A-1,local,CMO,,,,x,x,x,asha,12,,,,,,,\n".into(), 2, "phone"),
        ] {
            let why = with(&rows).expect_err(said);
            assert!(why.what.contains(said) && why.line == line && why.file == "offices.csv", "{why}\n{rows}");
        }
    }

    #[test]
    fn the_common_superior_is_the_nearest_above_both() {
        let offices = with(
            "SDO-1,subdivision,DM-305,,305,,x,x,x,,,,,,,,,\nB-1,local,SDO-1,,305,,x,x,x,,,,,,,,,\nB-2,local,SDO-1,,305,,x,x,x,,,,,,,,,\n",
        )
        .expect("good");
        let common = |a: &str, b: &str| offices.common_superior(a, b, today()).map(|o| o.code.clone());
        assert_eq!(common("B-1", "B-2").as_deref(), Some("SDO-1"));
        assert_eq!(common("B-1", "DM-305").as_deref(), Some("DM-305"));
        assert_eq!(common("B-1", "PWD").as_deref(), Some("CMO"));
        assert_eq!(common("B-1", "nobody"), None);
        assert_eq!(offices.superior("B-1", today()).map(|o| o.code.as_str()), Some("SDO-1"));
        assert_eq!(offices.superior("CMO", today()).map(|o| o.code.as_str()), None);
    }

    proptest! {
        /// Whatever the parents: either it is refused, or every way up ends at the top.
        #[test]
        fn every_way_up_ends(parents in proptest::collection::vec(0usize..14, 1..12)) {
            let code = |n: usize| if n == 0 { "CMO".to_owned() } else { format!("X-{n}") };
            let rows: String = (1..).zip(&parents).map(|(n, parent)| format!("{},local,{},,,,x,x,x,,,,,,,,,\n", code(n), code(*parent))).collect();
            if let Ok(offices) = with(&rows) {
                for n in 1..=parents.len() {
                    let line = offices.line(&code(n), today());
                    prop_assert!(line.len() <= parents.len() + 1);
                    prop_assert_eq!(line.last().map(|o| o.code.as_str()), Some("CMO"));
                    for above in &line {
                        prop_assert!(offices.below(&above.code, today()).contains(&code(n)));
                    }
                }
            }
        }
    }
}
