//! What the things are called by which tickets are counted apart.

use crate::masters::Masters;
use daak_domain::contact::Channel;
use daak_domain::insight::Dimension;
use daak_domain::insight::measure::Words;
use daak_domain::ticket::SlaClass;
use std::collections::BTreeMap;

/// Names in three languages, by dimension and code.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<(Dimension, String), Words>);

impl Names {
    /// Those of the masters.
    pub fn of(masters: &Masters) -> Self {
        let mut names = Self::default();
        for c in masters.taxonomy.categories.values() {
            names.add(Dimension::Category, &c.code, &c.name_bn, &c.name_hi, &c.name_en);
        }
        for d in masters.taxonomy.departments.values() {
            names.add(Dimension::Department, &d.code, &d.name_bn, &d.name_hi, &d.name_en);
        }
        for d in masters.places.districts.values() {
            let hindi = d.aliases.split('|').find(|name| name.chars().any(|c| ('\u{900}'..='\u{97f}').contains(&c)));
            names.add(Dimension::District, &d.code, &d.name_bn, hindi.unwrap_or_default(), &d.name_en);
        }
        for local in masters.places.locals.values() {
            names.add(Dimension::Block, &local.code, "", "", &local.name_en);
        }
        for o in masters.offices.all(masters.day(daak_domain::Timestamp::now())) {
            names.add(Dimension::Office, &o.code, &o.name_bn, &o.name_hi, &o.name_en);
        }
        for (class, bn, hi, en) in CLASSES {
            names.add(Dimension::Class, class.as_str(), bn, hi, en);
        }
        for (channel, bn, hi, en) in CHANNELS {
            names.add(Dimension::Channel, channel.as_str(), bn, hi, en);
        }
        names
    }

    fn add(&mut self, dimension: Dimension, code: &str, bn: &str, hi: &str, en: &str) {
        let or_english = |name: &str| if name.is_empty() { en.to_owned() } else { name.to_owned() };
        let words = Words { bn: or_english(bn), hi: or_english(hi), en: en.to_owned() };
        self.0.insert((dimension, code.to_owned()), words);
    }

    /// What this is called; by its code if it has no name. What is not known is called so.
    pub fn name(&self, dimension: Dimension, code: &str) -> Words {
        let plain = |text: &str| Words { bn: text.into(), hi: text.into(), en: text.into() };
        match (dimension, code) {
            (Dimension::Officer, "") => Words {
                bn: "কারও কাছে নেই".into(), hi: "किसी के पास नहीं".into(), en: "with nobody".into()
            },
            (_, "") => Words { bn: "জানা নেই".into(), hi: "ज्ञात नहीं".into(), en: "not known".into() },
            _ => self.0.get(&(dimension, code.to_owned())).cloned().unwrap_or_else(|| plain(code)),
        }
    }
}

const CLASSES: [(SlaClass, &str, &str, &str); 4] = [
    (SlaClass::Emergency, "জরুরি", "आपात", "Emergency"),
    (SlaClass::Individual, "ব্যক্তিগত", "व्यक्तिगत", "Individual"),
    (SlaClass::Community, "সামাজিক", "सामुदायिक", "Community"),
    (SlaClass::Policy, "নীতিগত", "नीतिगत", "Policy"),
];

const CHANNELS: [(Channel, &str, &str, &str); 12] = [
    (Channel::Phone, "টেলিফোন", "टेलीफ़ोन", "Telephone"),
    (Channel::Email, "ই-মেল", "ई-मेल", "E-mail"),
    (Channel::Whatsapp, "হোয়াটসঅ্যাপ", "व्हाट्सऐप", "WhatsApp"),
    (Channel::Messenger, "মেসেঞ্জার", "मेसेंजर", "Messenger"),
    (Channel::Instagram, "ইনস্টাগ্রাম", "इंस्टाग्राम", "Instagram"),
    (Channel::Telegram, "টেলিগ্রাম", "टेलीग्राम", "Telegram"),
    (Channel::X, "এক্স", "एक्स", "X"),
    (Channel::Sms, "এসএমএস", "एसएमएस", "SMS"),
    (Channel::Letter, "চিঠি", "पत्र", "Letter"),
    (Channel::Portal, "পোর্টাল", "पोर्टल", "Portal"),
    (Channel::Web, "ওয়েব পাতা", "वेब पृष्ठ", "Web page"),
    (Channel::WalkIn, "সরাসরি এসে", "स्वयं आकर", "In person"),
];
