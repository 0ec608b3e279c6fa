//! `daak geo`: boundaries for the map.

use super::{Place, say};
use crate::insight::geography::{Level, import};
use crate::masters::{Masters, boundaries_file};
use anyhow::Context;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `daak geo`.
#[derive(Debug, Args)]
pub struct Geo {
    #[command(subcommand)]
    act: GeoAct,
}

#[derive(Debug, Subcommand)]
enum GeoAct {
    /// Take official boundaries (GeoJSON, WGS 84) for the map, in the place of cells around the offices
    Import {
        /// File
        #[arg(value_name = "FILE.geojson")]
        file: PathBuf,
        /// Whose boundaries
        #[arg(long, value_enum, default_value = "district")]
        level: Level,
        /// Only look at the file, and say what is wrong with it
        #[arg(long)]
        check: bool,
    },
}

/// Largest file, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

impl Geo {
    /// Reads and checks the file; where nothing is wrong with it, lays what the map needs beside the masters.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config()?;
        let GeoAct::Import { file, level, check } = self.act;
        let masters = Masters::load(&config.data.folder)?;
        let size = std::fs::metadata(&file).with_context(|| format!("{} cannot be read", file.display()))?.len();
        anyhow::ensure!(size <= LARGEST, "{}: {size} bytes, expected at most {LARGEST}: simplify the file first", file.display());
        let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let imported = match import(text.trim_start_matches('\u{feff}'), level, &masters.places) {
            Ok(imported) => imported,
            Err(errors) => {
                errors.iter().for_each(|error| say(&format!("{}: {error}", file.display())));
                say(&format!("{} mistakes; nothing was taken", errors.len()));
                return Ok(ExitCode::FAILURE);
            }
        };
        if !imported.missing.is_empty() {
            say(&format!("not in the file, and drawn as cells: {}", imported.missing.join(", ")));
        }
        if !check {
            let out = boundaries_file(&config.data.folder, level);
            std::fs::write(&out, serde_json::to_string(&imported.shapes)?)
                .with_context(|| format!("{} cannot be written", out.display()))?;
            say(&format!("{}: {} boundaries; the map shows them after the next start", out.display(), imported.shapes.len()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
