//! Numbers as files: CSV that a spreadsheet reads as it is meant, and a workbook.

use crate::api::problem::{Answer, Problem};
use crate::insight::{AgeLine, Ages, Point, Question, Table};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use daak_domain::insight::measure::Words;
use daak_domain::insight::{Dimension, Measure};
use std::io::Write;

/// In which form an answer is given, and in which language a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Csv(Tongue),
    Xlsx(Tongue),
}

/// A language of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    Bn,
    Hi,
    En,
}

/// A cell of a file.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Text(String),
    Number(f64),
    Nothing,
}

impl Tongue {
    fn of(self, words: &Words) -> &str {
        match self {
            Tongue::Bn => &words.bn,
            Tongue::Hi => &words.hi,
            Tongue::En => &words.en,
        }
    }
}

impl Form {
    /// The form of `format=` and `language=`.
    pub fn of(format: Option<&str>, language: Option<&str>) -> Answer<Self> {
        let tongue = match language.unwrap_or("en") {
            "bn" => Tongue::Bn,
            "hi" => Tongue::Hi,
            "en" | "" => Tongue::En,
            _ => return Err(Problem::invalid("language: expected bn, hi or en")),
        };
        match format.unwrap_or("json") {
            "json" | "" => Ok(Form::Json),
            "csv" => Ok(Form::Csv(tongue)),
            "xlsx" => Ok(Form::Xlsx(tongue)),
            _ => Err(Problem::invalid("format: expected json, csv or xlsx")),
        }
    }

    fn words(self, words: &Words) -> &str {
        match self {
            Form::Json => &words.en,
            Form::Csv(tongue) | Form::Xlsx(tongue) => tongue.of(words),
        }
    }
}

/// A table as a file.
pub fn table(form: Form, asked: &Question, by: Option<Dimension>, measures: &[&Measure], table: &Table) -> Answer<Response> {
    let mut head = vec![Value::Text(by.map_or("", Dimension::as_str).into()), Value::Text("name".into())];
    for measure in measures {
        let name = form.words(&measure.name);
        head.push(Value::Text(name.to_owned()));
        if measure.of.is_some() {
            head.extend(["n", "of", "95 % low", "95 % high"].map(|what| Value::Text(format!("{name}: {what}"))));
        }
    }
    let mut rows = vec![head];
    for line in table.lines.iter().chain([&table.total]) {
        let mut row = vec![Value::Text(line.key.clone()), Value::Text(form.words(&line.name).to_owned())];
        for (measure, cell) in measures.iter().zip(&line.cells) {
            row.push(number(cell.number.value));
            if measure.of.is_some() {
                let interval = cell.number.interval;
                row.push(Value::Number(cell.number.count as f64));
                row.push(number(cell.number.of.map(|n| n as f64)));
                row.push(number(interval.map(|i| i.low)));
                row.push(number(interval.map(|i| i.high)));
            }
        }
        rows.push(row);
    }
    file(form, &format!("daak-{}-{}", asked.period.from, asked.period.to), &rows)
}

/// A course as a file.
pub fn series(form: Form, measure: &Measure, points: &[Point]) -> Answer<Response> {
    let head = ["from", "to", form.words(&measure.name), "n", "of"].map(|text| Value::Text(text.into())).to_vec();
    let row = |p: &Point| {
        let text = |day: daak_domain::insight::Day| Value::Text(day.to_string());
        let of = number(p.number.of.map(|n| n as f64));
        vec![text(p.days.from), text(p.days.to), number(p.number.value), Value::Number(p.number.count as f64), of]
    };
    let rows: Vec<_> = std::iter::once(head).chain(points.iter().map(row)).collect();
    file(form, &format!("daak-{}", measure.code), &rows)
}

/// Ages as a file.
pub fn ages(form: Form, ages: &Ages) -> Answer<Response> {
    let band = |(from, to): &(i32, Option<i32>)| Value::Text(to.map_or(format!("{from}+"), |to| format!("{from}–{to}")));
    let head = [Value::Text("code".into()), Value::Text("name".into())].into_iter().chain(ages.bands.iter().map(band)).collect();
    let row = |line: &AgeLine| {
        let texts = [Value::Text(line.key.clone()), Value::Text(form.words(&line.name).to_owned())];
        texts.into_iter().chain(line.counts.iter().map(|(n, _)| Value::Number(*n as f64))).collect()
    };
    let rows: Vec<Vec<Value>> = std::iter::once(head).chain(ages.lines.iter().map(row)).collect();
    file(form, "daak-ages", &rows)
}

fn number(value: Option<f64>) -> Value {
    value.map_or(Value::Nothing, |n| Value::Number((n * 1e4).round() / 1e4))
}

fn file(form: Form, name: &str, rows: &[Vec<Value>]) -> Answer<Response> {
    let (bytes, media_type, ending) = match form {
        Form::Xlsx(_) => {
            let workbook = workbook(rows).map_err(|_| Problem::ours())?;
            (workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
        }
        _ => (csv(rows).into_bytes(), "text/csv; charset=utf-8", "csv"),
    };
    let named = format!("attachment; filename=\"{name}.{ending}\"");
    Ok(([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, named)], bytes).into_response())
}

/// CSV (RFC 4180) with a mark by which Excel knows UTF-8. A text that a spreadsheet would take for a formula gets an apostrophe in
/// front (OWASP, CSV injection): a name may come from outside.
fn csv(rows: &[Vec<Value>]) -> String {
    let cell = |value: &Value| match value {
        Value::Number(n) => n.to_string(),
        Value::Nothing => String::new(),
        Value::Text(text) => {
            let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
            let text = if formula { format!("'{text}") } else { text.clone() };
            if text.contains([',', '"', '\n', '\r', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
        }
    };
    let line = |row: &Vec<Value>| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n";
    std::iter::once("\u{feff}".to_owned()).chain(rows.iter().map(line)).collect()
}

/// A workbook of one sheet (ECMA-376). Texts are texts: nothing in them is ever reckoned.
fn workbook(rows: &[Vec<Value>]) -> zip::result::ZipResult<Vec<u8>> {
    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";
    let parts = [
        ("[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/></Types>".to_owned()),
        ("_rels/.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>".to_owned()),
        ("xl/_rels/workbook.xml.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>".to_owned()),
        ("xl/workbook.xml", "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Daak\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>".to_owned()),
        ("xl/worksheets/sheet1.xml", sheet(rows)),
    ];
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default())?;
        archive.write_all(HEAD.as_bytes())?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

fn sheet(rows: &[Vec<Value>]) -> String {
    let cell = |value: &Value| match value {
        Value::Number(n) => format!("<c><v>{n}</v></c>"),
        Value::Nothing => "<c/>".to_owned(),
        Value::Text(text) => {
            let plain: String = text.chars().filter(|c| !c.is_control()).collect();
            let text = plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            format!("<c t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
        }
    };
    let row = |row: &Vec<Value>| format!("<row>{}</row>", row.iter().map(cell).collect::<String>());
    let rows: String = rows.iter().map(row).collect();
    format!("<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn rows() -> Vec<Vec<Value>> {
        vec![
            vec![Value::Text("জেলা".into()), Value::Text("n".into())],
            vec![Value::Text("=HYPERLINK(\"http://evil.example\")".into()), Value::Number(-3.5)],
            vec![Value::Text("a, \"b\" <c>".into()), Value::Nothing],
        ]
    }

    #[test]
    fn a_spreadsheet_reads_bengali_and_runs_no_formula() {
        let text = csv(&rows());
        assert_eq!(text, "\u{feff}জেলা,n\r\n\"'=HYPERLINK(\"\"http://evil.example\"\")\",-3.5\r\n\"a, \"\"b\"\" <c>\",\r\n");
    }

    #[test]
    fn a_workbook_holds_its_sheet() {
        let bytes = workbook(&rows()).expect("written");
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a ZIP");
        let mut text = String::new();
        archive.by_name("xl/worksheets/sheet1.xml").expect("a sheet").read_to_string(&mut text).expect("UTF-8");
        assert!(text.contains("জেলা") && text.contains("<v>-3.5</v>") && text.contains("a, \"b\" &lt;c&gt;"), "{text}");
        assert!(!text.contains("<f>"));
    }
}
