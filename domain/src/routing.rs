//! Which office a matter goes to: category × place × class, the most specific route first (an emergency's before all), and why.
//!
//! Routes are data (`routes.toml`). A route's target is an office's code, in which `{department}`, `{district}` and `{local}`
//! stand for those of the matter; a route whose target does not exist for a matter (a town has no block office) is passed over.
//! Pure: the day is an argument.

use crate::office::{Office, Offices};
use crate::place::{LocalKind, Places};
use crate::taxonomy::Taxonomy;
use crate::ticket::{SlaClass, Ticket};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The routes, the most specific first; of two alike the earlier in the file.
#[derive(Debug, Clone)]
pub struct Routes(Vec<Route>);

/// One route.
#[derive(Debug, Clone)]
struct Route {
    line: usize,
    when: Conditions,
    to: String,
    why: String,
}

/// What must hold; what is not given holds always.
#[derive(Debug, Clone, Default)]
struct Conditions {
    /// A code, or the beginning of one with a star: `wcd.*`.
    category: Option<String>,
    department: Option<String>,
    district: Option<String>,
    local: Option<String>,
    local_kind: Option<Kind>,
    class: Option<SlaClass>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Block,
    Municipality,
}

/// What a matter is and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matter<'a> {
    /// Category code.
    pub category: &'a str,
    /// Department code.
    pub department: &'a str,
    /// LGD code of the district, where known.
    pub district: Option<&'a str>,
    /// LGD code of block or municipality, where known.
    pub local: Option<&'a str>,
    /// Class of limit.
    pub class: SlaClass,
}

/// Where a matter goes, and what was considered on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Code of the office.
    pub office: String,
    /// The reason that the route gives.
    pub why: String,
    /// Every route that was considered, in order; the last one is taken.
    pub considered: Vec<Considered>,
}

/// A route that was considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// Its line in `routes.toml`.
    pub line: usize,
    /// What it asks for, in words: `category wcd.*, district 305`.
    pub when: String,
    /// Its target as it is written.
    pub to: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The matter goes here.
    Taken {
        /// Code of the office.
        office: String,
    },
    /// A condition does not hold.
    Other {
        /// Which: `category`, `department`, `district`, `local`, `local_kind`, `class`.
        condition: &'static str,
    },
    /// It would fit, but its office cannot be named or does not exist for this matter.
    NoOffice,
}

/// What is wrong with `routes.toml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct RoutesError {
    /// Line of the file, from 1.
    pub line: usize,
    /// A sentence.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    routes: Vec<toml::Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    to: String,
    why: String,
    category: Option<String>,
    department: Option<String>,
    district: Option<String>,
    local: Option<String>,
    local_kind: Option<Kind>,
    class: Option<SlaClass>,
}

impl Routes {
    /// Reads `routes.toml` and holds it against offices and masters as they are on `day`.
    ///
    /// # Errors
    /// The first mistake with its line: an unknown category, place or office, a closed office, two routes with the same
    /// conditions, no route for what fits no other.
    pub fn read(text: &str, offices: &Offices, taxonomy: &Taxonomy, places: &Places, day: Date) -> Result<Self, RoutesError> {
        let line = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let wrong = |at: usize, what: String| RoutesError { line: line(at), what };
        let file: File = toml::from_str(text).map_err(|why| wrong(why.span().map_or(0, |s| s.start), why.message().to_owned()))?;
        let mut routes: Vec<Route> = Vec::with_capacity(file.routes.len());
        for entry in file.routes {
            let at = entry.span().start;
            let Entry { to, why, category, department, district, local, local_kind, class } = entry.into_inner();
            let when = Conditions { category, department, district, local, local_kind, class };
            let route = Route { line: line(at), when, to, why };
            route.check(offices, taxonomy, places, day).map_err(|what| wrong(at, what))?;
            if let Some(same) = routes.iter().find(|other| other.when.said() == route.when.said()) {
                return Err(wrong(at, format!("line {} asks for the same: {}", same.line, same.when.said())));
            }
            routes.push(route);
        }
        routes.sort_by_key(|route| std::cmp::Reverse(route.when.rank()));
        match routes.last() {
            Some(last) if last.when.rank() == Conditions::default().rank() && last.to == "{department}" => Ok(Self(routes)),
            _ => Err(wrong(0, "what fits no other route would lie nowhere: add a route without conditions, to = \"{department}\"".into())),
        }
    }

    /// Where a matter goes on a day, and why.
    pub fn explain(&self, matter: &Matter<'_>, offices: &Offices, places: &Places, day: Date) -> Explained {
        let mut considered = Vec::new();
        for route in &self.0 {
            let outcome = match route.when.fails(matter, places) {
                Some(condition) => Outcome::Other { condition },
                None => match route.office(matter, offices, day) {
                    Some(office) => Outcome::Taken { office: office.code.clone() },
                    None => Outcome::NoOffice,
                },
            };
            let taken = if let Outcome::Taken { office } = &outcome { Some(office.clone()) } else { None };
            considered.push(Considered { line: route.line, when: route.when.said(), to: route.to.clone(), outcome });
            if let Some(office) = taken {
                return Explained { office, why: route.why.clone(), considered };
            }
        }
        // A department without a head office is refused at the start; one that the masters lost since lies with itself.
        Explained { office: matter.department.to_owned(), why: String::new(), considered }
    }
}

impl<'a> Matter<'a> {
    /// What a ticket is.
    pub fn of(ticket: &'a Ticket) -> Self {
        Self {
            category: &ticket.category,
            department: &ticket.department,
            district: ticket.district.as_deref(),
            local: ticket.block.as_deref(),
            class: ticket.sla_class,
        }
    }
}

/// The office that a forward goes to in truth. Two offices that pass a ticket to and fro get it back no more: it goes to the
/// nearest office above both, unless that is one of them. `came_from` is the office that sent it to `holder`.
pub fn ping_pong<'a>(offices: &'a Offices, came_from: Option<&str>, holder: &str, to: &str, day: Date) -> Option<&'a Office> {
    if came_from != Some(to) || holder == to {
        return None;
    }
    offices.common_superior(holder, to, day).filter(|common| common.code != holder && common.code != to)
}

impl Conditions {
    /// The first condition that does not hold.
    fn fails(&self, matter: &Matter<'_>, places: &Places) -> Option<&'static str> {
        let other = |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_some_and(|wanted| is != Some(wanted));
        let kind = || matter.local.and_then(|code| places.locals.get(code)).map(|local| Kind::from(local.kind));
        if self.category.as_deref().is_some_and(|wanted| !fits(wanted, matter.category)) {
            return Some("category");
        }
        if other(&self.department, Some(matter.department)) {
            return Some("department");
        }
        if other(&self.local, matter.local) {
            return Some("local");
        }
        if other(&self.district, matter.district) {
            return Some("district");
        }
        if self.local_kind.is_some_and(|wanted| kind() != Some(wanted)) {
            return Some("local_kind");
        }
        self.class.is_some_and(|wanted| wanted != matter.class).then_some("class")
    }

    /// How specific: the matter counts before the place, the place before the class. An emergency's route goes before all.
    fn rank(&self) -> (bool, u8, u8, u8) {
        let matter = match (&self.category, &self.department) {
            (Some(category), _) if !category.ends_with('*') => 3,
            (Some(_), _) => 2,
            (None, Some(_)) => 1,
            (None, None) => 0,
        };
        let place = match (&self.local, &self.district, self.local_kind) {
            (Some(_), ..) => 4,
            (None, Some(_), Some(_)) => 3,
            (None, Some(_), None) => 2,
            (None, None, Some(_)) => 1,
            (None, None, None) => 0,
        };
        (self.class == Some(SlaClass::Emergency), matter, place, u8::from(self.class.is_some()))
    }

    fn said(&self) -> String {
        let kind = self.local_kind.map(|kind| if kind == Kind::Block { "block" } else { "municipality" });
        let class = self.class.map(SlaClass::as_str);
        let all = [
            ("category", self.category.as_deref()),
            ("department", self.department.as_deref()),
            ("district", self.district.as_deref()),
            ("local", self.local.as_deref()),
            ("local_kind", kind),
            ("class", class),
        ];
        let given: Vec<_> = all.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?))).collect();
        given.join(", ")
    }
}

impl From<LocalKind> for Kind {
    fn from(kind: LocalKind) -> Self {
        if kind == LocalKind::Block { Kind::Block } else { Kind::Municipality }
    }
}

/// Whether a category is the one that is wanted, or one of those.
pub(crate) fn fits(wanted: &str, category: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == category, |beginning| category.starts_with(beginning))
}

/// What may stand in a target.
const PLACES: [&str; 3] = ["{department}", "{district}", "{local}"];

impl Route {
    /// The office that it leads to, if it exists for this matter.
    fn office<'o>(&self, matter: &Matter<'_>, offices: &'o Offices, day: Date) -> Option<&'o Office> {
        offices.on(&filled(&self.to, [Some(matter.department), matter.district, matter.local])?, day)
    }

    fn check(&self, offices: &Offices, taxonomy: &Taxonomy, places: &Places, day: Date) -> Result<(), String> {
        let Conditions { category, department, district, local, .. } = &self.when;
        if let Some(wanted) = category
            && !taxonomy.categories.keys().any(|code| fits(wanted, code))
        {
            return Err(format!("no category of taxonomy.csv is {wanted:?}"));
        }
        if let Some(code) = department.as_ref().filter(|code| !taxonomy.departments.contains_key(*code)) {
            return Err(format!("there is no department {code:?} in departments.csv"));
        }
        if let Some(code) = district.as_ref().filter(|code| !places.districts.contains_key(*code)) {
            return Err(format!("there is no district {code:?} in districts.csv"));
        }
        if let Some(code) = local.as_ref().filter(|code| !places.locals.contains_key(*code)) {
            return Err(format!("there is no block or municipality {code:?} in blocks.csv and municipalities.csv"));
        }
        if self.why.trim().is_empty() {
            return Err("why is missing: a sentence for whoever asks why a ticket lies there".to_owned());
        }
        self.check_target(offices, taxonomy, places, day)
    }

    /// Every office that the target may mean is open, and there is one at least.
    fn check_target(&self, offices: &Offices, taxonomy: &Taxonomy, places: &Places, day: Date) -> Result<(), String> {
        let codes: Vec<String> = if self.to.contains(PLACES[2]) {
            let of = |(code, local): (&String, &crate::place::Local)| filled(&self.to, [None, local.district.as_deref(), Some(code)]);
            places.locals.iter().filter_map(of).collect()
        } else if self.to.contains(PLACES[1]) {
            places.districts.keys().filter_map(|code| filled(&self.to, [None, Some(code), None])).collect()
        } else {
            taxonomy.departments.keys().filter_map(|code| filled(&self.to, [Some(code), None, None])).collect()
        };
        if let Some(code) = codes.iter().find(|code| offices.is_known(code) && offices.on(code, day).is_none()) {
            return Err(format!("the office {code} is closed on {day}: give another, or put the date right in offices.csv"));
        }
        match codes.iter().any(|code| offices.is_known(code)) {
            true => Ok(()),
            false => Err(format!("{:?} names no office: see offices.csv; {} may stand in it", self.to, PLACES.join(", "))),
        }
    }
}

/// The target with the matter's own codes in it.
fn filled(to: &str, codes: [Option<&str>; 3]) -> Option<String> {
    let mut filled = to.to_owned();
    for (place, code) in PLACES.iter().zip(codes) {
        if filled.contains(place) {
            filled = filled.replace(place, code?);
        }
    }
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHIPPED: &str = include_str!("../../config/routes.toml");

    struct Masters {
        taxonomy: Taxonomy,
        places: Places,
        offices: Offices,
    }

    fn masters(offices: &str) -> Masters {
        let taxonomy =
            Taxonomy::read(include_str!("../../config/taxonomy.csv"), include_str!("../../config/departments.csv")).expect("shipped");
        let places = Places::read(
            include_str!("../../config/districts.csv"),
            include_str!("../../config/blocks.csv"),
            include_str!("../../config/municipalities.csv"),
        );
        let places = places.expect("shipped");
        let offices = Offices::read(&format!("{}{offices}", include_str!("../../config/offices.csv")), &taxonomy, &places).expect("good");
        Masters { taxonomy, places, offices }
    }

    fn today() -> Date {
        "2026-11-24".parse().expect("a day")
    }

    fn read(masters: &Masters, text: &str) -> Result<Routes, RoutesError> {
        Routes::read(text, &masters.offices, &masters.taxonomy, &masters.places, today())
    }

    const LAST: &str = "[[routes]]\nto = \"{department}\"\nwhy = \"whatever is not said otherwise\"\n";

    fn matter<'a>(category: &'a str, district: Option<&'a str>, local: Option<&'a str>, class: SlaClass) -> Matter<'a> {
        Matter { category, department: "WCD", district, local, class }
    }

    #[test]
    fn the_most_specific_route_wins_and_says_why() {
        let masters = masters("");
        let routes = "[[routes]]\nclass = \"emergency\"\nto = \"DM-{district}\"\nwhy = \"danger\"\n\
             [[routes]]\ncategory = \"wcd.*\"\nlocal_kind = \"block\"\nto = \"BDO-{local}\"\nwhy = \"the block pays\"\n\
             [[routes]]\ncategory = \"wcd.kanyashree\"\ndistrict = \"305\"\nto = \"DM-305\"\nwhy = \"the district pays\"\n";
        let routes = read(&masters, &format!("{routes}{LAST}")).expect("good");
        let to = |matter: &Matter<'_>| {
            let explained = routes.explain(matter, &masters.offices, &masters.places, today());
            (explained.office, explained.why)
        };
        let individual = SlaClass::Individual;
        let is = |office: &str, why: &str| (office.to_owned(), why.to_owned());
        let block = masters
            .places
            .locals
            .values()
            .find(|l| l.kind == LocalKind::Block && l.district.as_deref() == Some("305"))
            .expect("one")
            .code
            .as_str();
        let town = masters
            .places
            .locals
            .values()
            .find(|l| l.kind == LocalKind::Municipality && l.district.as_deref() == Some("305"))
            .expect("one")
            .code
            .as_str();
        assert_eq!(to(&matter("wcd.kanyashree", Some("305"), Some(block), individual)), is("DM-305", "the district pays"));
        assert_eq!(to(&matter("wcd.rupashree", Some("305"), Some(block), individual)), is(&format!("BDO-{block}"), "the block pays"));
        assert_eq!(to(&matter("wcd.rupashree", Some("305"), Some(town), individual)), is("WCD", "whatever is not said otherwise"));
        assert_eq!(to(&matter("pwd.road-bridge", Some("303"), None, SlaClass::Emergency)), is("DM-303", "danger"));
        assert_eq!(
            to(&matter("pwd.road-bridge", None, None, SlaClass::Emergency)),
            is("WCD", "whatever is not said otherwise"),
            "nobody knows where"
        );
        let explained =
            routes.explain(&matter("wcd.rupashree", Some("305"), Some(town), individual), &masters.offices, &masters.places, today());
        let outcomes: Vec<_> = explained.considered.iter().map(|c| (c.line, c.outcome.clone())).collect();
        assert_eq!(
            outcomes,
            [
                (1, Outcome::Other { condition: "class" }),
                (10, Outcome::Other { condition: "category" }),
                (5, Outcome::Other { condition: "local_kind" }),
                (15, Outcome::Taken { office: "WCD".into() }),
            ]
        );
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let closed = "X-OLD,local,CMO,,,,x,x,x,,,,,,,,,2026-10-31\n";
        let masters = masters(closed);
        for (route, said) in [
            ("to = \"X-OLD\"", "the office X-OLD is closed on 2026-11-24"),
            ("to = \"NOBODY\"", "names no office"),
            ("to = \"{place}\"", "names no office"),
            ("to = \"CMO\"\ncategory = \"nothing.*\"", "no category of taxonomy.csv"),
            ("to = \"CMO\"\ndistrict = \"1\"", "there is no district"),
            ("to = \"CMO\"\nlocal = \"1\"", "there is no block or municipality"),
            ("to = \"CMO\"\ndepartment = \"XX\"", "there is no department"),
            ("to = \"CMO\"\nplace = \"x\"", "unknown field"),
        ] {
            let error = read(&masters, &format!("{LAST}[[routes]]\n{route}\nwhy = \"x\"\n")).expect_err(route);
            assert!(error.what.contains(said) && error.line >= 4, "{error}");
        }
        assert!(read(&masters, &format!("{LAST}{LAST}")).expect_err("twice").what.contains("line 1 asks for the same"));
        assert!(read(&masters, "routes = []").expect_err("a hole").what.contains("would lie nowhere"));
    }

    #[test]
    fn what_two_offices_pass_to_and_fro_goes_to_the_office_above_both() {
        let masters = masters("");
        let to = |came_from, holder, to| ping_pong(&masters.offices, came_from, holder, to, today()).map(|o| o.code.as_str());
        assert_eq!(to(Some("PWD"), "PHE", "PWD"), Some("CMO"));
        assert_eq!(to(Some("PWD"), "PHE", "DM-305"), None, "a third office");
        assert_eq!(to(None, "PHE", "PWD"), None, "the first time");
        assert_eq!(to(Some("DM-303"), "BDO-2723", "DM-303"), None, "back to the superior is no ping-pong");
        assert_eq!(to(Some("BDO-2723"), "BDO-2724", "BDO-2723"), Some("DM-303"));
    }

    proptest! {
        /// By the shipped routes whatever is registered finds an office that is open.
        #[test]
        fn every_matter_finds_an_open_office(category in any::<prop::sample::Index>(), district in proptest::option::of(any::<prop::sample::Index>()), local in proptest::option::of(any::<prop::sample::Index>()), class in 0usize..4) {
            static READ: std::sync::OnceLock<(Masters, Routes)> = std::sync::OnceLock::new();
            let (masters, routes) = READ.get_or_init(|| {
                let masters = masters("");
                let routes = read(&masters, SHIPPED).expect("the shipped routes are good");
                (masters, routes)
            });
            let category = category.get(&masters.taxonomy.categories.values().collect::<Vec<_>>()).to_owned();
            let (districts, locals): (Vec<_>, Vec<_>) = (masters.places.districts.keys().collect(), masters.places.locals.keys().collect());
            let matter = Matter {
                category: &category.code,
                department: &category.department,
                district: district.map(|d| d.get(&districts).as_str()),
                local: local.map(|l| l.get(&locals).as_str()),
                class: SlaClass::ALL[class],
            };
            let explained = routes.explain(&matter, &masters.offices, &masters.places, today());
            prop_assert!(masters.offices.on(&explained.office, today()).is_some() && !explained.why.is_empty());
        }
    }
}
