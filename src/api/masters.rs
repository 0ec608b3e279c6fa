//! The masters: categories, departments, districts, closure reasons, as the configuration's data say.

use super::extract::Json;
use super::parts::Parts;
use super::problem::{Answer, Problem};
use super::who::Who;
use super::words::SlaClassWord;
use crate::access::Act;
use axum::extract::State as Joined;
use daak_domain::language::Language;
use daak_domain::ticket::{EventBody, SlaClass, Ticket};
use daak_domain::{closure, place, taxonomy};
use serde::Serialize;
use utoipa::ToSchema;

/// All masters.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Masters {
    /// What a ticket may be about.
    pub categories: Vec<Category>,
    /// Offices of the state.
    pub departments: Vec<Department>,
    /// Districts.
    pub districts: Vec<District>,
    /// Reasons for which an office may call a matter settled.
    pub closure_reasons: Vec<ClosureReason>,
    /// What may have come of a talk with a citizen.
    pub dispositions: Vec<Disposition>,
    /// Texts that people at the desk send often; `{number}`, `{due}`, `{department}` are filled in before they are sent.
    pub canned: Vec<CannedText>,
}

/// A text that people at the desk send often.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CannedText {
    /// Its code.
    pub code: String,
    /// In Bengali.
    pub bn: String,
    /// In Hindi.
    pub hi: String,
    /// In English.
    pub en: String,
}

/// What a ticket may be about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Category {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: Option<String>,
    /// Code of the department whose it is.
    pub department: String,
    /// Name of the scheme, if it belongs to one.
    pub scheme: Option<String>,
    /// Class of limit.
    #[schema(value_type = SlaClassWord)]
    pub sla_class: SlaClass,
}

/// An office.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Department {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: Option<String>,
    /// Whether it answers emergencies.
    pub emergency_capable: bool,
}

/// A district.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct District {
    /// LGD code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: Option<String>,
}

/// A reason for which an office may call a matter settled.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClosureReason {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: Option<String>,
    /// What must be attached: `none`, `file`, `photograph`.
    pub evidence: &'static str,
    /// For which classes; none means all.
    pub evidence_classes: Vec<&'static str>,
    /// Whether an officer above must put their name to it.
    pub cosign: bool,
}

/// What may have come of a talk with a citizen.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Disposition {
    /// Its code.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Bengali.
    pub name_bn: String,
    /// Name in Hindi.
    pub name_hi: Option<String>,
}

impl From<&crate::masters::Disposition> for Disposition {
    fn from(read: &crate::masters::Disposition) -> Self {
        Self { code: read.code.clone(), name_en: read.name_en.clone(), name_bn: read.name_bn.clone(), name_hi: given(&read.name_hi) }
    }
}

impl From<&crate::masters::Masters> for Masters {
    fn from(read: &crate::masters::Masters) -> Self {
        let taxonomy = &read.taxonomy;
        Self {
            categories: taxonomy.categories.values().map(Category::from).collect(),
            departments: taxonomy.departments.values().map(Department::from).collect(),
            districts: read.places.districts.values().map(District::from).collect(),
            closure_reasons: read.closure_reasons.iter().map(ClosureReason::from).collect(),
            canned: read.canned.iter().map(CannedText::from).collect(),
            dispositions: read.dispositions.iter().map(Disposition::from).collect(),
        }
    }
}

impl From<&taxonomy::Category> for Category {
    fn from(read: &taxonomy::Category) -> Self {
        Self {
            code: read.code.clone(),
            name_en: read.name_en.clone(),
            name_bn: read.name_bn.clone(),
            name_hi: given(&read.name_hi),
            department: read.department.clone(),
            scheme: read.scheme.clone(),
            sla_class: read.sla_class,
        }
    }
}

impl From<&taxonomy::Department> for Department {
    fn from(read: &taxonomy::Department) -> Self {
        Self {
            code: read.code.clone(),
            name_en: read.name_en.clone(),
            name_bn: read.name_bn.clone(),
            name_hi: given(&read.name_hi),
            emergency_capable: read.emergency_capable == 1,
        }
    }
}

impl From<&place::District> for District {
    fn from(read: &place::District) -> Self {
        Self { code: read.code.clone(), name_en: read.name_en.clone(), name_bn: read.name_bn.clone(), name_hi: None }
    }
}

impl From<&closure::ClosureReason> for ClosureReason {
    fn from(read: &closure::ClosureReason) -> Self {
        Self {
            code: read.code.clone(),
            name_en: read.name_en.clone(),
            name_bn: read.name_bn.clone(),
            name_hi: given(&read.name_hi),
            evidence: read.evidence.as_str(),
            evidence_classes: read.classes.iter().map(|class| class.as_str()).collect(),
            cosign: read.cosign,
        }
    }
}

impl From<&crate::masters::CannedText> for CannedText {
    fn from(read: &crate::masters::CannedText) -> Self {
        Self { code: read.code.clone(), bn: read.bn.clone(), hi: read.hi.clone(), en: read.en.clone() }
    }
}

/// The name in a language; the English one where there is none.
pub fn in_language<'a>((bn, hi, en): (&'a str, Option<&'a str>, &'a str), language: Language) -> &'a str {
    match language.answered_in() {
        Language::Bn if !bn.is_empty() => bn,
        Language::Hi => hi.unwrap_or(en),
        _ => en,
    }
}

fn given(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

impl Masters {
    /// The LGD code of a district that is named by its code or one of its names; what is unknown stays as it is, and finds nothing.
    pub fn district_code(&self, named: &str) -> String {
        let same = |name: &str| name.eq_ignore_ascii_case(named.trim());
        let known =
            self.districts.iter().find(|d| same(&d.code) || same(&d.name_en) || same(&d.name_bn) || d.name_hi.as_deref().is_some_and(same));
        known.map_or_else(|| named.to_owned(), |d| d.code.clone())
    }

    /// The name of a category in a language; its code where it is not known any more.
    pub fn category_name(&self, code: &str, language: Language) -> String {
        let found = self.categories.iter().find(|c| c.code == code);
        found.map_or(code, |c| in_language((&c.name_bn, c.name_hi.as_deref(), &c.name_en), language)).to_owned()
    }

    /// The name of a department in a language.
    pub fn department_name(&self, code: &str, language: Language) -> String {
        let found = self.departments.iter().find(|d| d.code == code);
        found.map_or(code, |d| in_language((&d.name_bn, d.name_hi.as_deref(), &d.name_en), language)).to_owned()
    }

    /// The name of a reason for closing in a language.
    pub fn closure_reason_name(&self, code: &str, language: Language) -> String {
        let found = self.closure_reasons.iter().find(|r| r.code == code);
        found.map_or(code, |r| in_language((&r.name_bn, r.name_hi.as_deref(), &r.name_en), language)).to_owned()
    }

    /// Whether there is such a department.
    ///
    /// # Errors
    /// 422 if not.
    pub fn know_department(&self, code: &str) -> Answer<()> {
        match self.departments.iter().any(|d| d.code == code) {
            true => Ok(()),
            false => Err(Problem::invalid("department: there is none with this code: see /api/v1/masters")),
        }
    }

    /// Whether there is such a closure reason.
    ///
    /// # Errors
    /// 422 if not.
    pub fn know_closure_reason(&self, code: &str) -> Answer<()> {
        match self.closure_reasons.iter().any(|r| r.code == code) {
            true => Ok(()),
            false => Err(Problem::invalid("closure_reason: there is none with this code: see /api/v1/masters")),
        }
    }

    /// Whether there is such a disposition.
    ///
    /// # Errors
    /// 422 if not.
    pub fn know_disposition(&self, code: &str) -> Answer<()> {
        match self.dispositions.iter().any(|d| d.code == code) {
            true => Ok(()),
            false => Err(Problem::invalid("code: there is no disposition with this code: see /api/v1/masters")),
        }
    }

    /// The event by which `ticket` is about `category` from now on. Its limit stays: nobody gains time by another word for the matter.
    ///
    /// # Errors
    /// 422 if there is no such category or department.
    pub fn classified(
        &self,
        category: &str,
        department: Option<String>,
        sla_class: Option<SlaClass>,
        ticket: &Ticket,
        why: String,
    ) -> Answer<EventBody> {
        let Some(known) = self.categories.iter().find(|c| c.code == category) else {
            return Err(Problem::invalid("category: there is none with this code: see /api/v1/masters"));
        };
        let department = department.unwrap_or_else(|| known.department.clone());
        self.know_department(&department)?;
        Ok(EventBody::Classified {
            category: known.code.clone(),
            department,
            sla_class: sla_class.unwrap_or(known.sla_class),
            due_at: ticket.due_at,
            why,
            office: None,
        })
    }
}

/// Categories, departments, districts, closure reasons.
#[utoipa::path(get, path = "/api/v1/masters", tag = "masters", responses((status = 200, body = Masters)))]
pub async fn masters(Joined(parts): Joined<Parts>, who: Who) -> Answer<Json<Masters>> {
    who.may(Act::ReadMasters, None)?;
    Ok(Json(parts.masters.clone()))
}
