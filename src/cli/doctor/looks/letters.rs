//! What reads and writes letters.

use super::missing;
use crate::app;
use crate::cli::doctor::Health;
use crate::config::Config;
use daak_letter::paper::Fonts;

/// Tesseract and the models of the three languages.
pub async fn engine(config: &Config) -> Health {
    const MEND: &str = "apt-get install tesseract-ocr tesseract-ocr-ben tesseract-ocr-hin tesseract-ocr-eng tesseract-ocr-osd";
    let engine = app::engine(config);
    let Ok(Ok(installed)) = tokio::task::spawn_blocking(move || engine.installed()).await else {
        return missing("tesseract is not installed", "letters are kept as pictures, and people write them down", MEND);
    };
    let absent: Vec<&str> = ["ben", "hin", "eng", "osd"].into_iter().filter(|model| !installed.iter().any(|i| i == model)).collect();
    if absent.is_empty() {
        return Health::Well("reads ben, hin, eng, and tells scripts apart (osd)".into());
    }
    missing(
        format!("models are missing: {}", absent.join(", ")),
        "letters in these languages are kept as pictures, and people write them down",
        MEND,
    )
}

/// The programs that draw PDF.
pub async fn poppler() -> Health {
    for name in ["pdfinfo", "pdftoppm", "pdfimages"] {
        let started = tokio::process::Command::new(name).arg("-v").kill_on_drop(true).output().await;
        if started.is_err() {
            return missing(format!("{name} is not installed"), "letters in PDF wait in the inbox", "apt-get install poppler-utils");
        }
    }
    Health::Well("pdfinfo, pdftoppm, pdfimages".into())
}

/// The fonts of our own letters.
pub fn fonts(config: &Config) -> Health {
    match Fonts::load(&config.letters.fonts) {
        Ok(_) => Health::Well(format!("Noto Sans in {}", config.letters.fonts.display())),
        Err(why) => missing(why.to_string(), "separator sheets and replies on paper cannot be made", "apt-get install fonts-noto-core"),
    }
}

/// The folder of the scanner.
pub fn inbox(config: &Config) -> Health {
    let Some(folder) = &config.letters.inbox else { return Health::Unused("letters.inbox is not set".into()) };
    let probe = folder.join(".doctor");
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&probe, b"x"));
    let _ = std::fs::remove_file(&probe);
    match written {
        Ok(()) => Health::Well(format!("inbox {}", folder.display())),
        Err(why) => missing(
            format!("{} cannot be written ({why})", folder.display()),
            "no scan is taken from it",
            "make it writable, or set letters.inbox to another",
        ),
    }
}
