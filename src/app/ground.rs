//! What every part stands on: masters, database, files, people, the bus.

use super::{AppError, key};
use crate::access::{Access, Terms};
use crate::blobs::LocalBlobs;
use crate::bus::{Bus, Happening};
use crate::config::Config;
use crate::config::address::BlobsUrl;
use crate::intelligence::{CategoryFacts, FindPlaces, Keywords, Rough, Trained, Understand};
use crate::masters::Masters;
use crate::observe::event;
use crate::store::{Change, Store};
use daak_domain::contact::Attachment;
use daak_domain::seam::Label;
use daak_intelligence::Model;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// What every part stands on.
pub struct Ground {
    /// Masters.
    pub masters: Arc<Masters>,
    /// Database.
    pub store: Store,
    /// Files.
    pub archive: Arc<LocalBlobs>,
    /// Files that were being written when the process died, finished up to their last whole second.
    pub recovered: Vec<(Label, Attachment)>,
    /// What texts are about.
    pub understand: Arc<dyn Understand>,
    /// Who is who.
    pub access: Access,
    /// What changes.
    pub bus: Bus,
}

impl Ground {
    /// Reads, opens and checks everything.
    ///
    /// # Errors
    /// [`AppError`] says what is missing or broken, and what to do.
    pub async fn lay(config: &Config, data: &Path) -> Result<Self, AppError> {
        std::fs::create_dir_all(data).map_err(|why| AppError::Data { folder: data.to_owned(), why })?;
        let masters = Arc::new(Masters::load(&config.data.folder)?);
        let understand = understanding(&masters, &config.data.folder)?;
        let store = Store::open_for(&config.database.url.to_url(data), config.database.readers as usize).await?;
        let (archive, recovered) = files(config, data).await?;
        let access = Access::new(store.clone(), terms(config)).with_offices(masters.clone());
        Ok(Self { masters, store, archive, recovered, understand, access, bus: Bus::in_process() })
    }
}

/// How long sessions last, and when a name is locked.
pub fn terms(config: &Config) -> Terms {
    let http = &config.http;
    Terms {
        idle: SignedDuration::from_mins(http.session_idle_min.into()),
        limit: SignedDuration::from_hours(http.session_limit_h.into()),
        lock_after: http.lock_after,
        lock_for: SignedDuration::from_mins(http.lock_min.into()),
    }
}

async fn files(config: &Config, data: &Path) -> Result<(Arc<LocalBlobs>, Vec<(Label, Attachment)>), AppError> {
    let BlobsUrl::Folder(folder) = &config.blobs.url else { return Err(AppError::NotBuilt("blobs.url", "file:blobs")) };
    let (folder, key) = (data.join(folder), key::of_files(config.blobs.key.as_ref(), data)?);
    let shown = folder.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let blobs = LocalBlobs::open(&folder, key)?;
        let recovered = blobs.recover()?;
        Ok::<_, std::io::Error>((Arc::new(blobs), recovered))
    });
    let lost = |why: tokio::task::JoinError| Err(std::io::Error::other(why));
    opened.await.unwrap_or_else(lost).map_err(|why| AppError::Data { folder: shown, why })
}

/// Understands by the model in this program, or, where it does not fit the taxonomy, by the keywords of the masters.
fn understanding(masters: &Arc<Masters>, folder: &Path) -> Result<Arc<dyn Understand>, AppError> {
    let known = |code: &str| masters.taxonomy.categories.contains_key(code);
    let keywords = Keywords::load(&folder.join("keywords.toml"), known).map_err(|why| AppError::Masters(why.to_string()))?;
    let facts = masters.taxonomy.categories.values().map(|category| {
        let facts =
            CategoryFacts { department: category.department.clone(), sla_class: category.sla_class, scheme: category.scheme.clone() };
        (category.code.clone(), facts)
    });
    let facts: BTreeMap<_, _> = facts.collect();
    let places = || Box::new(PlacesOf(masters.clone()));
    let model = Model::shipped().map_err(|why| why.to_string());
    match model.and_then(|model| Trained::new(model, keywords.clone(), facts.clone(), places())) {
        Ok(trained) => Ok(Arc::new(trained)),
        Err(why) => {
            tracing::warn!(event = event::MODEL_UNFIT, %why, "texts are understood by keywords alone");
            Ok(Arc::new(Rough::new(keywords, facts, places()).map_err(AppError::Masters)?))
        }
    }
}

/// Places, as the masters know them.
struct PlacesOf(Arc<Masters>);

impl FindPlaces for PlacesOf {
    fn places_in(&self, text: &str) -> (Option<String>, Option<String>) {
        let (district, local) = self.0.places.named_in(text);
        (district.map(|d| d.code.clone()).or_else(|| local?.district.clone()), local.map(|l| l.code.clone()))
    }

    fn district_of(&self, text: &str) -> Option<(String, String)> {
        let places = &self.0.places;
        let district = places.districts.get(text).or_else(|| places.named_in(text).0)?;
        Some((district.code.clone(), district.name_en.clone()))
    }
}

/// Tells the bus what the store says has changed, until the program ends.
pub async fn pass_on_changes(store: Store, bus: Bus, closing: CancellationToken) -> &'static str {
    let mut changes = store.changes();
    loop {
        let change = tokio::select! {
            change = changes.recv() => change,
            () = closing.cancelled() => break,
        };
        match change {
            Ok(Change::Ticket { number, seq, state, department, emergency, office, district, about }) => {
                bus.tell(Happening::Ticket { number, seq, state, department, emergency, office, district, about });
            }
            Ok(Change::Held) => bus.tell(Happening::Held),
            Ok(Change::Message { key, state }) => bus.tell(Happening::Message { key, state: state.to_owned() }),
            Err(RecvError::Lagged(missed)) => tracing::warn!(event = event::LIVE_LAGGED, missed),
            Err(RecvError::Closed) => break,
        }
    }
    "the passing on of changes"
}
