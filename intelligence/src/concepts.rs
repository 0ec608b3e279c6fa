//! What words mean, whatever language they are in: `data/concepts.txt`, written by hand.
//!
//! A line is `name: word, word, several words, …`; a word stands for its inflections, `=` after it wants it exactly. Native words are
//! also found when they are typed in Latin letters, by their skeleton. A name may have a kind before a slash: `medical/limp`.

use crate::fold::Word;
use crate::lexicon::Lexicon;
use crate::skeleton::skeleton;
use std::collections::HashMap;

/// The list, ready to be looked for.
#[derive(Debug, Clone, Default)]
pub struct Concepts {
    lexicon: Lexicon,
    names: Vec<String>,
    by_skeleton: HashMap<String, usize>,
    /// Native phrases of several words, by the skeletons of their words.
    phrases_by_skeleton: Lexicon,
    /// Kinds, and the kind of each concept that has one.
    kinds: Vec<String>,
    kind_of: Vec<Option<usize>>,
}

/// A skeleton shorter than this says too little.
const ENOUGH: usize = 4;

impl Concepts {
    /// Reads the list.
    ///
    /// # Errors
    /// A sentence with the line that cannot be used.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut all = Self::default();
        let mut claimed: HashMap<String, Vec<usize>> = HashMap::new();
        for (line, written) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
            let wrong = |what: &str| format!("concepts.txt:{}: {what}", line + 1);
            let (name, phrases) = written.split_once(':').ok_or_else(|| wrong("expected `name: word, word`"))?;
            let id = all.names.len();
            all.names.push(name.trim().to_owned());
            let kind = name.trim().split_once('/').map(|(kind, _)| all.kind(kind));
            all.kind_of.push(kind);
            for phrase in phrases.split(',').map(str::trim).filter(|p| !p.is_empty()) {
                all.lexicon.add(id, phrase, 1.0).map_err(|why| wrong(&why))?;
                let bare = skeleton(phrase.trim_end_matches('='));
                if !phrase.contains(' ') && !phrase.is_ascii() && bare.len() >= ENOUGH {
                    claimed.entry(bare).or_default().push(id);
                } else if phrase.contains(' ') && !phrase.is_ascii() {
                    let bare: Vec<String> = phrase.split_whitespace().map(|w| skeleton(w.trim_end_matches('='))).collect();
                    if bare.iter().all(|w| !w.is_empty()) && bare.iter().map(String::len).sum::<usize>() > ENOUGH {
                        all.phrases_by_skeleton.add(id, &bare.join(" "), 1.0).map_err(|why| wrong(&why))?;
                    }
                }
            }
        }
        // A skeleton that two meanings share says neither.
        claimed.retain(|_, ids| ids.iter().all(|id| *id == ids[0]));
        all.by_skeleton = claimed.into_iter().map(|(bare, ids)| (bare, ids[0])).collect();
        Ok(all)
    }

    /// Concepts in a text, each with its first word; in order, each once.
    pub fn find(&self, words: &[Word]) -> Vec<(usize, (usize, usize))> {
        let mut found: Vec<(usize, (usize, usize))> = self.lexicon.find_each(words).into_iter().map(|hit| (hit.group, hit.words)).collect();
        if words.iter().any(|w| w.folded.is_ascii()) {
            let bare = |w: &Word| Word { folded: if w.folded.is_ascii() { skeleton(&w.folded) } else { String::new() }, at: w.at.clone() };
            let bare: Vec<Word> = words.iter().map(bare).collect();
            found.extend(self.phrases_by_skeleton.find_each(&bare).into_iter().map(|hit| (hit.group, hit.words)));
        }
        for (at, word) in words.iter().enumerate().filter(|(_, w)| w.folded.is_ascii()) {
            let bare = skeleton(&word.folded);
            let stems =
                [Some(bare.as_str()), bare.strip_suffix('r'), bare.strip_suffix('e'), bare.strip_suffix("er"), bare.strip_suffix("te")];
            let known = stems.into_iter().flatten().filter(|stem| stem.len() >= ENOUGH).find_map(|stem| self.by_skeleton.get(stem));
            found.extend(known.map(|id| (*id, (at, at))));
        }
        found.sort_by_key(|(id, words)| (words.0, *id));
        let mut seen = std::collections::HashSet::new();
        found.retain(|(id, _)| seen.insert(*id));
        found
    }

    fn kind(&mut self, name: &str) -> usize {
        self.kinds.iter().position(|k| k == name).unwrap_or_else(|| {
            self.kinds.push(name.to_owned());
            self.kinds.len() - 1
        })
    }

    /// The kind of a concept, if it has one.
    pub fn kind_of(&self, id: usize) -> Option<&str> {
        self.kind_of.get(id).copied().flatten().and_then(|kind| self.kinds.get(kind)).map(String::as_str)
    }

    /// The name of a concept.
    pub fn name(&self, id: usize) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
