//! What every verb that offers keys has in common: prompts with barge-in, a wait, tries that are counted.

use super::Go;
use crate::act::Input;
use crate::duration::{Span, seconds};
use crate::session::Scene;

/// How keys are offered.
pub(crate) struct Offer<'a> {
    /// What is said.
    pub(crate) prompts: &'a [String],
    /// What is said first when a key was wrong.
    pub(crate) wrong: &'a str,
    /// What is said first when nothing was pressed.
    pub(crate) silent: &'a str,
    /// How long a key is waited for after the prompts.
    pub(crate) timeout: Span,
    /// How often it is asked.
    pub(crate) tries: u32,
    /// Where to, after that.
    pub(crate) otherwise: &'a str,
}

/// How long a key is waited for, unless the flow says otherwise.
pub(crate) const fn patience() -> Span {
    seconds(6)
}

/// How often a question is asked, unless the flow says otherwise.
pub(crate) const fn tries() -> u32 {
    3
}

impl Offer<'_> {
    pub(crate) fn enter(&self, scene: &mut Scene<'_>) -> Go {
        scene.play(self.prompts);
        Go::Stay
    }

    /// What happens without a key: the prompts end, the wait ends.
    pub(crate) fn without_key(&self, input: &Input, scene: &mut Scene<'_>) -> Go {
        match input {
            Input::Played(id) if scene.is_playing(*id) => {
                scene.timer(self.timeout.0);
                Go::Stay
            }
            Input::Timer(id) if scene.is_timer(*id) => self.again(self.silent, scene),
            _ => Go::Stay,
        }
    }

    /// A key that was not offered.
    pub(crate) fn wrong_key(&self, scene: &mut Scene<'_>) -> Go {
        self.again(self.wrong, scene)
    }

    fn again(&self, why: &str, scene: &mut Scene<'_>) -> Go {
        scene.visit.tries += 1;
        if scene.visit.tries >= self.tries {
            scene.stop();
            return Go::To(self.otherwise.to_owned());
        }
        let mut prompts = vec![why.to_owned()];
        prompts.extend_from_slice(self.prompts);
        scene.cancel_timer();
        scene.play(&prompts);
        Go::Stay
    }
}
