//! The telephone: calls, their legs, what the caller hears and says.
//!
//! [`Voice`] joins the pure machine of a call (`voice-call`) with signalling (`voice-sip`), media
//! (`voice-media`), speech (`voice-speech`) and the platform behind [`daak_domain::seam`]. Each call is
//! one task with one mailbox; what happens to its legs, its sound and its timers arrives there and is
//! told to the machine, whose deeds the task carries out.
#![warn(missing_docs)]

mod actor;
mod arrival;
mod browser;
mod caller;
mod codec;
mod disk;
mod far;
mod music;
mod reading;
mod recording;
mod softphone;
mod sounds;
mod statement;
mod timers;
mod visitor;
mod voice;

pub use softphone::{Claim, Softphones};
pub use sounds::Sounds;
pub use visitor::{PageLine, PageNews, PageRefused};
pub use voice::{CallSummary, Missed, Numbers, Voice, VoiceConfig, VoiceError};
// What the configuration is made into; nobody above needs to know the rooms.
pub use voice_ivr::Flows;
pub use voice_media::MediaConfig;
pub use voice_sip::{
    Capabilities, Codec, Credentials, Listen, SipConfig, SipLimits, SrtpPolicy, TlsFiles, Transport, TrunkAccount, TrunkConfig, ha1,
};
pub use voice_speech::{Speaker, SpeakerConfig};
