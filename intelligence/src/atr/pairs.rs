//! Pairs of grievance and report, with what a person would do: `data/atr_pairs.txt`.

/// A pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Whether the report answers honestly.
    pub honest: bool,
    /// Closure reason, if one is given.
    pub reason: Option<String>,
    /// The grievance.
    pub grievance: String,
    /// The report.
    pub report: String,
}

/// Reads pairs: a line `honest|evasive reason-or-- grievance => report`.
///
/// # Errors
/// A sentence with the line that has a mistake.
pub fn read(text: &str) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    for (line, written) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#')) {
        let wrong = || format!("atr_pairs.txt:{}: expected `honest|evasive reason grievance => report`", line + 1);
        let mut fields = written.splitn(3, ' ');
        let (Some(kind), Some(reason), Some(rest)) = (fields.next(), fields.next(), fields.next()) else { return Err(wrong()) };
        let (grievance, report) = rest.split_once("=>").ok_or_else(wrong)?;
        let honest = match kind {
            "honest" => true,
            "evasive" => false,
            _ => return Err(wrong()),
        };
        let reason = (reason != "-").then(|| reason.to_owned());
        pairs.push(Pair { honest, reason, grievance: grievance.trim().to_owned(), report: report.trim().to_owned() });
    }
    Ok(pairs)
}
