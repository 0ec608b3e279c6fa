//! Says what, besides sources, goes into the binary: the console's build, and the migrations of the database.

fn main() {
    // Without the console's build the binary says at /console/ how to make it. The folder must be there to be watched.
    let _ = std::fs::create_dir_all("console/dist");
    for folder in ["console/dist", "migrations"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
