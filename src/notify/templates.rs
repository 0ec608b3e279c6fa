//! What citizens are told, by template and language: `config/templates/*.toml`, checked when the program starts.

use super::value::{ValueError, ValueKind, Words};
use crate::intelligence::keywords::line_of;
use daak_domain::language::Language;
use daak_sms::parts;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Every template, in every language that is answered in.
#[derive(Debug, Clone)]
pub struct Templates {
    templates: BTreeMap<String, Template>,
    words: Words,
    helpline: String,
    reply_to: String,
}

/// A message ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// What is said.
    pub text: String,
    /// In which language.
    pub language: Language,
    /// Whether it goes out at night too.
    pub urgent: bool,
    /// Parts on the air.
    pub parts: usize,
    /// Its values as they are written.
    pub values: BTreeMap<String, String>,
}

/// Templates that the program itself sends: each must be there.
pub const NEEDED: [&str; 29] = [
    "registered",
    "registered_emergency",
    "joined",
    "public",
    "assigned",
    "needs_info",
    "atr",
    "closed",
    "reopened",
    "status",
    "status_unknown",
    "callback",
    "callback_missed",
    "otp",
    "question",
    "confirmed",
    "not_settled",
    "unanswered",
    "yes_or_no",
    "which_number",
    "nothing_asked",
    "help",
    "stopped",
    "started",
    "officer_assigned",
    "officer_returned",
    "officer_reminder",
    "officer_interim",
    "officer_escalated",
];

/// A mistake in a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {what}", file.display())]
pub struct TemplateError {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what to write.
    pub what: String,
}

/// Why a message cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// There is no such template.
    #[error("there is no template {0:?}: add config/templates/{0}.toml")]
    Unknown(String),
    /// A value is missing or has another form.
    #[error("template {template}: {{{name}}} {why}")]
    Value {
        /// Which template.
        template: String,
        /// Which value.
        name: String,
        /// What is wrong.
        why: ValueError,
    },
}

#[derive(Debug, Clone)]
struct Template {
    urgent: bool,
    asked_for: bool,
    expires_min: Option<u32>,
    values: BTreeMap<String, ValueKind>,
    texts: BTreeMap<&'static str, Text>,
    subjects: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
struct Text {
    line: usize,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Literal(String),
    Value(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    urgent: bool,
    longest_parts: usize,
    expires_min: Option<u32>,
    /// It answers what this address itself asked or did: it goes also to whoever wants no notices.
    #[serde(default)]
    asked_for: bool,
    #[serde(default)]
    values: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Subjects of mails that answer none, by language.
    #[serde(default)]
    subject: BTreeMap<Spanned<String>, String>,
    text: Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
}

/// The file with words for states; every other one is a template.
const STATE_WORDS: &str = "state_words.toml";

impl Templates {
    /// Reads the folder. `helpline` is the number that `{helpline}` stands for, `reply_to` the one for `{sms}`.
    ///
    /// # Errors
    /// Every mistake, with file and line: a language that is missing, a variable that is not declared or not
    /// used, a text that may take more parts than it says.
    pub fn load(folder: &Path, helpline: &str, reply_to: &str) -> Result<Self, Vec<TemplateError>> {
        let cannot =
            |file: &Path, e: &std::io::Error| vec![TemplateError { file: file.to_owned(), line: 1, what: format!("cannot be read ({e})") }];
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .map_err(|e| cannot(folder, &e))?
            .flatten()
            .map(|entry| entry.path())
            .filter(|p| p.extension().is_some_and(|e| e == "toml"))
            .collect();
        files.sort();
        let mut errors = Vec::new();
        let words_file = folder.join(STATE_WORDS);
        let words = std::fs::read_to_string(&words_file).map_err(|e| cannot(&words_file, &e))?;
        let words = Words::read(&words).map_err(|(line, what)| vec![TemplateError { file: words_file, line, what }])?;
        let mut all = Self { templates: BTreeMap::new(), words, helpline: helpline.to_owned(), reply_to: reply_to.to_owned() };
        for file in files.iter().filter(|f| !f.ends_with(STATE_WORDS)) {
            let name = file.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            match std::fs::read_to_string(file) {
                Err(e) => errors.extend(cannot(file, &e)),
                Ok(text) => match all.read(&text) {
                    Ok(template) => drop(all.templates.insert(name, template)),
                    Err((at, what)) => errors.push(TemplateError { file: file.clone(), line: line_of(&text, at), what }),
                },
            }
        }
        for name in NEEDED.iter().filter(|name| !files.iter().any(|f| f.file_stem().is_some_and(|stem| stem == **name))) {
            errors.push(TemplateError {
                file: folder.join(format!("{name}.toml")),
                line: 1,
                what: "this template is needed and missing".to_owned(),
            });
        }
        if errors.is_empty() { Ok(all) } else { Err(errors) }
    }

    fn read(&self, source: &str) -> Result<Template, (usize, String)> {
        let file: File = toml::from_str(source).map_err(|e| (e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
        let mut values = BTreeMap::new();
        for (name, kind) in file.values {
            let kind = (kind.span().start, kind.into_inner());
            values.insert(name.into_inner(), ValueKind::parse(&kind.1).map_err(|e| (kind.0, e))?);
        }
        let at_text = file.text.span().start;
        let mut texts = BTreeMap::new();
        for (code, text) in file.text.into_inner() {
            let language = Language::SERVED.into_iter().find(|l| l.code() == code.get_ref());
            let language =
                language.ok_or_else(|| (code.span().start, format!("{:?} is no language of messages: use bn, hi, en", code.get_ref())))?;
            let at = text.span().start;
            let pieces = pieces(text.get_ref(), &values).map_err(|e| (at, e))?;
            texts.insert(language.code(), Text { line: line_of(source, at), pieces });
            let (values, texts, subjects) = (values.clone(), texts.clone(), BTreeMap::new());
            let template = Template { urgent: false, asked_for: false, expires_min: None, values, texts, subjects };
            let longest = parts::count(&self.fill(&template, language, |kind| kind.longest(language))).parts;
            if longest > file.longest_parts {
                return Err((at, format!("this may take {longest} parts, longest_parts is {}: shorten it", file.longest_parts)));
            }
        }
        if let Some(missing) = Language::SERVED.iter().find(|l| !texts.contains_key(l.code())) {
            return Err((at_text, format!("there is no text in {missing}: add {missing} = \"…\"")));
        }
        if let Some(wrong) = file.subject.keys().find(|code| !texts.contains_key(code.get_ref().as_str())) {
            return Err((wrong.span().start, format!("{:?} is no language of messages: use bn, hi, en", wrong.get_ref())));
        }
        let subjects = file.subject.into_iter().map(|(code, subject)| (code.into_inner(), subject)).collect();
        Ok(Template { urgent: file.urgent, asked_for: file.asked_for, expires_min: file.expires_min, values, texts, subjects })
    }

    /// Makes a message. Languages without messages are answered in their neighbour.
    ///
    /// # Errors
    /// [`RenderError`] names the value that is missing or wrong.
    pub fn render(&self, name: &str, language: Language, given: &BTreeMap<String, String>) -> Result<Rendered, RenderError> {
        let template = self.templates.get(name).ok_or_else(|| RenderError::Unknown(name.chars().take(40).collect()))?;
        let language = language.answered_in();
        let mut shown = BTreeMap::new();
        for (value, kind) in &template.values {
            let why = |why| RenderError::Value { template: name.to_owned(), name: value.clone(), why };
            let text = given.get(value).ok_or(why(ValueError::Missing))?;
            shown.insert(value.clone(), kind.show(text, language, &self.words).map_err(why)?);
        }
        let text = self.write(template, language, |value| shown.get(value).cloned().unwrap_or_default());
        Ok(Rendered { parts: parts::count(&text).parts, text, language, urgent: template.urgent, values: shown })
    }

    /// The subject of a mail of this template that answers none.
    pub fn subject(&self, name: &str, language: Language) -> Option<&str> {
        self.templates.get(name)?.subjects.get(language.answered_in().code()).map(String::as_str)
    }

    /// After how many minutes a message of this template is of no use any more.
    pub fn expires_min(&self, name: &str) -> Option<u32> {
        self.templates.get(name)?.expires_min
    }

    /// Whether a message of this template answers what its address itself asked: it goes also to whoever wants no notices.
    /// What a person wrote does.
    pub fn is_asked_for(&self, name: &str) -> bool {
        self.templates.get(name).is_none_or(|template| template.asked_for)
    }

    /// Every text as the registry's compiler sees it; `folder` is where they were read from.
    pub fn for_registry(&self, folder: &Path) -> Vec<daak_sms::dlt::Text> {
        let one = |name: &str, template: &Template, language: &str, text: &Text| daak_sms::dlt::Text {
            template: name.to_owned(),
            language: language.to_owned(),
            file: folder.join(format!("{name}.toml")),
            line: text.line,
            pieces: text.pieces.iter().map(|piece| self.registered(template, language, piece)).collect(),
        };
        let all = self
            .templates
            .iter()
            .flat_map(|(name, template)| template.texts.iter().map(move |(language, text)| (name, template, language, text)));
        all.map(|(name, template, language, text)| one(name, template, language, text)).collect()
    }

    fn registered(&self, template: &Template, language: &str, piece: &Piece) -> daak_sms::dlt::Piece {
        use daak_sms::dlt::{Form, Piece as Registered};
        match piece {
            Piece::Literal(words) => Registered::Fixed(words.clone()),
            Piece::Value(name) if name == HELPLINE => Registered::Fixed(self.helpline.clone()),
            Piece::Value(name) if name == REPLY_TO => Registered::Fixed(self.reply_to.clone()),
            Piece::Value(name) => {
                let kind = template.values.get(name).copied().unwrap_or(ValueKind::Text(0));
                let language: Language = language.parse().unwrap_or_default();
                let form = if matches!(kind, ValueKind::Code(_) | ValueKind::Count(_)) { Form::Digits } else { Form::Any };
                Registered::Value { name: name.clone(), longest: kind.longest(language).chars().count(), form }
            }
        }
    }

    /// Whether a template has a value of this name.
    pub fn declares(&self, template: &str, value: &str) -> bool {
        self.templates.get(template).is_some_and(|t| t.values.contains_key(value))
    }

    /// Names of all templates.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.templates.keys().map(String::as_str)
    }

    fn fill(&self, template: &Template, language: Language, of: impl Fn(&ValueKind) -> String) -> String {
        self.write(template, language, |value| template.values.get(value).map(&of).unwrap_or_default())
    }

    fn write(&self, template: &Template, language: Language, of: impl Fn(&str) -> String) -> String {
        let mut out = String::new();
        for piece in template.texts.get(language.code()).into_iter().flat_map(|text| &text.pieces) {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Value(name) if name == HELPLINE => out.push_str(&self.helpline),
                Piece::Value(name) if name == REPLY_TO => out.push_str(&self.reply_to),
                Piece::Value(name) => out.push_str(&of(name)),
            }
        }
        out
    }
}

/// The value that every template may use without declaring it.
const HELPLINE: &str = "helpline";
/// Another: the number that takes SMS.
const REPLY_TO: &str = "sms";

fn pieces(text: &str, declared: &BTreeMap<String, ValueKind>) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{').and_then(|r| r.split_once('}'));
        let (name, after) = inside.ok_or("a bracket stands alone: variables are written {number}")?;
        if name != HELPLINE && name != REPLY_TO && !declared.contains_key(name) {
            let known: Vec<_> = declared.keys().map(String::as_str).chain([HELPLINE, REPLY_TO]).collect();
            return Err(format!("unknown variable {{{name}}}: [values] declares {}", known.join(", ")));
        }
        pieces.push(Piece::Literal(rest[..at].to_owned()));
        pieces.push(Piece::Value(name.to_owned()));
        rest = after;
    }
    pieces.push(Piece::Literal(rest.to_owned()));
    let used = |name: &String| pieces.iter().any(|p| matches!(p, Piece::Value(v) if v == name));
    match declared.keys().find(|name| !used(name)) {
        Some(unused) => Err(format!("{{{unused}}} is declared and not said: say it, or take it out of [values]")),
        None => Ok(pieces),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn shipped() -> Templates {
        Templates::load(Path::new("config/templates"), "1000", "56070")
            .unwrap_or_else(|e| unreachable!("{}", e.iter().map(|e| format!("{e}\n")).collect::<String>()))
    }

    #[test]
    fn the_shipped_templates_speak_three_languages() {
        let templates = shipped();
        let given = values(&[("number", "1123456787"), ("due", "2026-12-01T04:30:00Z")]);
        let bn = templates.render("registered", Language::Bn, &given).expect("complete");
        assert_eq!(
            bn.text,
            "আপনার অভিযোগ নথিভুক্ত হয়েছে। নম্বর 112 345 6787। 01-12-2026 তারিখের মধ্যে নিষ্পত্তির চেষ্টা হবে। খোঁজ নিতে নম্বরটি রেখে দিন।"
        );
        assert!(bn.urgent && bn.parts == 2);
        let ne = templates.render("registered", Language::Ne, &given).expect("complete");
        assert_eq!(ne.language, Language::Hi);
        let en = templates.render("registered", Language::En, &given).expect("complete");
        assert_eq!(en.parts, 1);
        let status = values(&[("number", "1123456787"), ("due", "2026-12-01"), ("state", "in_progress"), ("department", "Food")]);
        assert!(templates.render("status", Language::Hi, &status).expect("complete").text.contains("काम चल रहा है"));
        assert_eq!(templates.expires_min("otp"), Some(10));
    }

    #[test]
    fn a_missing_or_wrong_value_is_named() {
        let templates = shipped();
        let error = |given: &[(&str, &str)]| templates.render("otp", Language::En, &values(given)).expect_err("refused").to_string();
        assert_eq!(error(&[("minutes", "10")]), "template otp: {code} is missing");
        assert!(error(&[("code", "12a4"), ("minutes", "10")]).starts_with("template otp: {code} must be"));
        assert!(matches!(templates.render("nothing", Language::En, &BTreeMap::new()), Err(RenderError::Unknown(_))));
    }

    /// A copy of the shipped folder with one file changed.
    fn changed(file: &str, from: &str, to: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        for entry in std::fs::read_dir("config/templates").expect("shipped").flatten() {
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copied");
        }
        let path = folder.path().join(file);
        let text = std::fs::read_to_string(&path).expect("there");
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replacen(from, to, 1)).expect("written");
        let errors = Templates::load(folder.path(), "1000", "56070").err().unwrap_or_default();
        errors.iter().map(|e| e.to_string().rsplit('/').next().unwrap_or_default().to_owned()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn mistakes_are_told_with_file_and_line() {
        for (file, from, to, told) in [
            ("joined.toml", "bn = ", "xx = ", "joined.toml:10: \"xx\" is no language of messages: use bn, hi, en"),
            ("joined.toml", "{number}", "{nummer}", "joined.toml:10: unknown variable {nummer}: [values] declares number, helpline, sms"),
            ("joined.toml", "{number}", "", "joined.toml:10: {number} is declared and not said: say it, or take it out of [values]"),
            (
                "joined.toml",
                "longest_parts = 2",
                "longest_parts = 1",
                "joined.toml:10: this may take 2 parts, longest_parts is 1: shorten it",
            ),
            ("joined.toml", "\"ticket\"", "\"tickets\"", "joined.toml:7: unknown kind"),
            ("joined.toml", "urgent", "urgently", "joined.toml:2: unknown field"),
            ("joined.toml", "{number}", "{number", "joined.toml:10: a bracket stands alone"),
            ("state_words.toml", "merged = ", "murged = ", "state_words.toml:12: unknown state"),
        ] {
            let found = changed(file, from, to);
            assert!(found.starts_with(told), "{from} → {to}: {found}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::copy("config/templates/state_words.toml", folder.path().join(STATE_WORDS)).expect("copied");
        assert_eq!(Templates::load(folder.path(), "1", "2").err().map(|e| e.len()), Some(NEEDED.len()));
    }
}
