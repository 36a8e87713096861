//! Compiles the amalgamation. It calls the SQLite that rusqlite links.
fn main() {
    cc::Build::new()
        .file("csrc/assoc.c")
        .include("csrc")
        .define("SQLITE_CORE", None)
        .define("NDEBUG", None)
        .std("c11")
        .opt_level(2)
        .warnings(false)
        .compile("assoc");
    println!("cargo:rerun-if-changed=csrc");
}
