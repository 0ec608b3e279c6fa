//! `digits`: a number typed on the keypad, ended by # or by its length.

use super::keys::{Offer, patience, tries};
use super::{Go, Mistake, Nature, Verb, wrong_tries};
use crate::act::Input;
use crate::duration::Span;
use crate::session::Scene;
use crate::value::Value;
use daak_domain::phone::PhoneNumber;
use daak_domain::ticket::Number;
use schemars::JsonSchema;
use serde::Deserialize;

/// Take digits.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Digits {
    /// Names of prompts that ask for them.
    prompts: Vec<String>,
    /// What they are.
    kind: Kind,
    /// How many there are at most, for `kind: number`; fewer end by # or by waiting.
    #[serde(default = "most")]
    most: usize,
    /// The value that is set.
    into: String,
    /// How long the next digit is waited for.
    #[serde(default = "patience")]
    timeout: Span,
    /// How often it is asked.
    #[serde(default = "tries")]
    tries: u32,
    /// The step that follows.
    next: String,
    /// The step that follows when no right number was typed.
    otherwise: String,
    /// The step that follows when 0 is pressed first.
    #[serde(default)]
    zero: Option<String>,
}

/// What digits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A ticket's number: ten digits with a check digit.
    Ticket,
    /// One key.
    Key,
    /// A telephone number: ten digits, or with a trunk zero or country code before them and # after.
    Phone,
    /// Any digits.
    Number,
}

const fn most() -> usize {
    12
}

impl Digits {
    fn offer(&self) -> Offer<'_> {
        Offer {
            prompts: &self.prompts,
            wrong: "wrong-number",
            silent: "no-key",
            timeout: self.timeout,
            tries: self.tries,
            otherwise: &self.otherwise,
        }
    }

    /// How many digits are all.
    fn whole(&self, typed: &str) -> usize {
        match self.kind {
            Kind::Key => 1,
            Kind::Ticket => 10,
            Kind::Phone if typed.starts_with("00") => 15,
            Kind::Phone if typed.starts_with('0') => 11,
            Kind::Phone => 10,
            Kind::Number => self.most,
        }
    }

    fn take(&self, typed: &str, scene: &mut Scene<'_>) -> Go {
        let value = match self.kind {
            Kind::Key => Some(Value::Text(typed.to_owned())),
            Kind::Ticket => Number::parse(typed).ok().map(Value::Ticket),
            Kind::Phone => PhoneNumber::parse(typed).ok().map(|_| Value::Digits(typed.to_owned())),
            Kind::Number => (!typed.is_empty()).then(|| Value::Digits(typed.to_owned())),
        };
        scene.visit.digits.clear();
        match value {
            Some(value) => {
                scene.cancel_timer();
                scene.stop();
                scene.set(&self.into, value);
                Go::To(self.next.clone())
            }
            None => self.offer().wrong_key(scene),
        }
    }
}

impl Verb for Digits {
    fn enter(&self, scene: &mut Scene<'_>) -> Go {
        self.offer().enter(scene)
    }

    fn on(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        let Input::Digit(key) = input else {
            if matches!(input, Input::Timer(id) if scene.is_timer(*id)) && !scene.visit.digits.is_empty() {
                let typed = std::mem::take(&mut scene.visit.digits);
                return self.take(&typed, scene);
            }
            return self.offer().without_key(input, scene);
        };
        if scene.visit.digits.is_empty() {
            scene.stop();
            if let ('0', Some(to)) = (key, &self.zero) {
                scene.cancel_timer();
                return Go::To(to.clone());
            }
        }
        match key {
            '*' => scene.visit.digits.clear(), // begin anew
            '#' => {
                let typed = std::mem::take(&mut scene.visit.digits);
                return self.take(&typed, scene);
            }
            digit if digit.is_ascii_digit() => scene.visit.digits.push(*digit),
            _ => {} // A to D are on no citizen's telephone
        }
        if scene.visit.digits.len() >= self.whole(&scene.visit.digits) {
            let typed = std::mem::take(&mut scene.visit.digits);
            return self.take(&typed, scene);
        }
        scene.timer(self.timeout.0);
        Go::Stay
    }

    fn ways(&self) -> Vec<(String, &str)> {
        let mut ways = super::next(&self.next);
        ways.push(("otherwise".into(), &self.otherwise));
        ways.extend(self.zero.as_deref().map(|to| ("0".to_owned(), to)));
        ways
    }

    fn alone(&self) -> Vec<&str> {
        vec![&self.otherwise]
    }

    fn sets(&self) -> Vec<&str> {
        vec![&self.into]
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let mut found = wrong_tries(self.tries);
        if !(1..=20).contains(&self.most) {
            let what = format!("{} digits are asked for", self.most);
            found.push(Mistake { word: "most".to_owned(), what, expected: "1 to 20".to_owned() });
        }
        found
    }

    fn prompts(&self) -> Vec<&str> {
        let own = self.prompts.iter().map(String::as_str);
        own.chain(["wrong-number", "no-key"]).collect()
    }

    fn nature(&self) -> Nature {
        Nature::Asking
    }
}
