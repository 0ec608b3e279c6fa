//! What the API calls: the parts of the helpline, joined in `app`.

use super::guard::Limits;
use super::masters::Masters;
use super::people::floor::Floor;
use super::people::phone::Phones;
use super::public::call::PageCalls;
use super::public::figures::Figures;
use crate::access::{Access, Role};
use crate::bus::Bus;
use crate::citizen::Citizens;
use crate::follow::Caller;
use crate::insight::Insight;
use crate::intake::Steps;
use crate::intelligence::Understand;
use crate::social::Hooks;
use crate::store::Store;
use daak_domain::language::Language;
use daak_domain::seam::{Archive, Helpline};
use daak_sms::{Inbound, ReportAddress, TextDoor};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The parts that handlers use. Cheap to clone.
#[derive(Clone)]
pub struct Parts(Arc<Joined>);

/// The parts themselves.
pub struct Joined {
    /// Tickets, people, messages.
    pub store: Store,
    /// What citizens see and do of their own.
    pub citizens: Arc<Citizens>,
    /// The one door.
    pub helpline: Arc<dyn Helpline>,
    /// Steps of tickets' lives.
    pub desk: Arc<dyn Steps>,
    /// What a text is about.
    pub understand: Arc<dyn Understand>,
    /// Files.
    pub archive: Arc<dyn Archive>,
    /// Who is who.
    pub access: Access,
    /// What changes.
    pub bus: Bus,
    /// Queues, agents, calls.
    pub floor: Arc<dyn Floor>,
    /// Telephones in the agents' browsers, where this process has a telephone.
    pub phones: Option<Arc<dyn Phones>>,
    /// Calls from the public page, where this process has a telephone.
    pub page_calls: Option<Arc<dyn PageCalls>>,
    /// Categories, departments, districts, as they are shown.
    pub masters: Masters,
    /// The masters themselves: offices, routes, limits.
    pub rules: Arc<crate::masters::Masters>,
    /// Calls other systems.
    pub caller: Arc<Caller>,
    /// Counts for the public.
    pub figures: Figures,
    /// Measures.
    pub insight: Insight,
    /// How carriers report delivery.
    pub reports: Arc<ReportAddress>,
    /// Where citizens' short messages come in.
    pub texts: Arc<TextDoor>,
    /// The providers who bring them over HTTP, by account.
    pub inbound: BTreeMap<String, Inbound>,
    /// What messengers deliver.
    pub hooks: Arc<Hooks>,
    /// Settings.
    pub settings: Settings,
    /// Rates.
    pub limits: Limits,
}

/// Settings of the HTTP side.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name on the public page.
    pub name: String,
    /// The name of this jurisdiction for Open311.
    pub jurisdiction: String,
    /// Telephone numbers on the public page.
    pub telephone: Vec<String>,
    /// Opening hours on the public page, in each of its languages.
    pub hours: HashMap<Language, String>,
    /// Origins from which a browser may act with its cookie, besides the host it speaks to.
    pub origins: Vec<String>,
    /// Cookies only over TLS.
    pub secure_cookie: bool,
    /// Work that a visitor's computer does before a call from the public page, in zero bits of SHA-256; 0: none.
    pub page_puzzle_bits: u8,
    /// Largest body in bytes.
    pub body_limit: usize,
    /// Largest delivery of a messenger in bytes.
    pub delivery_limit: usize,
    /// Largest attachment in bytes.
    pub attachment_limit: usize,
    /// Folder in which scans of letters are laid, where one is watched.
    pub letters: Option<std::path::PathBuf>,
    /// Folder with the fonts in which letters are written.
    pub fonts: std::path::PathBuf,
    /// Time zone of the days on letters.
    pub timezone: jiff::tz::TimeZone,
    /// Where citizens reach the public page, without a slash at its end.
    pub public_url: String,
    /// The role of whoever asks from this machine without credentials.
    pub loopback_role: Option<Role>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

impl Parts {
    /// Joins them.
    pub fn new(joined: Joined) -> Self {
        Self(Arc::new(joined))
    }
}

impl std::ops::Deref for Parts {
    type Target = Joined;
    fn deref(&self) -> &Joined {
        &self.0
    }
}
