//! What was understood of a statement, and the seam behind which it is understood.

use daak_domain::language::Language;
use daak_domain::ticket::SlaClass;
use daak_intelligence::Emergency;
use daak_intelligence::atr::{ActionTaken, Grievance, Judgement};
use daak_intelligence::mask::Kind;
use serde::Serialize;

/// Understands what citizens write and say. Pure: the same text gives the same answer.
pub trait Understand: Send + Sync + 'static {
    /// Understands `text`. `told` is the language that the citizen chose, if any: it is believed.
    fn understand(&self, text: &str, told: Option<Language>) -> Understanding;

    /// Whether an action taken report answers the grievance. It proposes; a person decides.
    fn judge(&self, grievance: Grievance<'_>, report: ActionTaken<'_>) -> Judgement;
}

/// What was understood. Its JSON is the answer of `POST /classify`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Understanding {
    /// Language of the text.
    pub language: Language,
    /// Whether Bengali or Hindi is written in Latin letters.
    pub romanised: bool,
    /// Category code of the taxonomy.
    pub category: String,
    /// Department code.
    pub department: String,
    /// Class of limit: the category's, or emergency where danger was heard.
    pub sla_class: SlaClass,
    /// How far the category can be believed, 0 to 1; 0 where nothing was found. A category too unsure is `other.unclassified`,
    /// with the confidence of the likeliest, which then leads the alternatives.
    pub confidence: f32,
    /// Whether life or limb are at stake.
    pub emergency: Emergency,
    /// Names and numbers in the text.
    pub entities: Entities,
    /// Whether a person should look at the category, because the machine is not sure enough.
    pub look: bool,
    /// The words that decided for the category, as they stand in the text.
    pub because: Vec<String>,
    /// What else it may be, best first, without the category itself; at most five.
    pub alternatives: Vec<Alternative>,
}

/// Another category that the text may belong to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// Its code.
    pub category: String,
    /// 0 to 1.
    pub confidence: f32,
}

/// Names and numbers that were found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Entities {
    /// LGD code of a district that is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    /// LGD code of a block or municipality that is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// The scheme of the category, where the text names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The first telephone number, E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Registration numbers whose check digit fits, ten digits each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<String>,
    /// Kinds of personal numbers in the text, without the numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub personal: Vec<Kind>,
    /// Sums in rupees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub money: Vec<u64>,
    /// Dates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<String>,
    /// Numbers of applications, receipts, transactions; personal numbers are not among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Whom the text complains of, by office: `pradhan`, `dealer`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub complained_of: Vec<String>,
}
