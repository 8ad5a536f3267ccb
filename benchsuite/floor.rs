//! The floor of unpacking: every entry of these zips inflated once, hashed and written, on all cores.
//!
//! What this takes, no downloader that verifies and unpacks can go below. It checks nothing and knows
//! nothing of modules, locks or modes. `unpack-floor FOLDER FILE`, the file naming a zip in each line.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use gomodfetch::spec::modzip::Archive;
use libdeflater::Decompressor;
use sha2::{Digest, Sha256};

fn main() -> std::io::Result<()> {
    let args: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [top, names] = args.as_slice() else { panic!("unpack-floor FOLDER FILE") };
    let mut zips: Vec<(u64, PathBuf)> = Vec::new();
    for name in std::fs::read_to_string(names)?.lines() {
        zips.push((std::fs::metadata(name)?.len(), name.into()));
    }
    // The largest last: they are taken from the end.
    zips.sort();
    let total = zips.len();
    let left = Mutex::new(zips);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut decoder = Decompressor::new();
                while let Some((_, zip)) = left.lock().ok().and_then(|mut zips| zips.pop()) {
                    unpack(&zip, top, &mut decoder).expect("a zip that can be unpacked");
                }
            });
        }
    });
    println!("{total} zips");
    Ok(())
}

fn unpack(zip: &Path, top: &Path, decoder: &mut Decompressor) -> std::io::Result<()> {
    let data = std::fs::read(zip)?;
    let archive = Archive::open(&data[..]).map_err(std::io::Error::other)?;
    let mut made = HashSet::new();
    let mut content = Vec::new();
    let mut all = Sha256::new();
    for entry in archive.entries() {
        let name = std::str::from_utf8(entry.name).map_err(std::io::Error::other)?;
        let target = top.join(name);
        if let Some(folder) = target.parent()
            && made.insert(folder.to_path_buf())
        {
            std::fs::create_dir_all(folder)?;
        }
        let start = archive.data_offset(&entry).map_err(std::io::Error::other)? as usize;
        let packed = &data[start..start + entry.header.compressed as usize];
        content.resize(entry.header.uncompressed as usize, 0);
        if entry.header.method == 0 {
            content.copy_from_slice(packed);
        } else {
            decoder.deflate_decompress(packed, &mut content).map_err(std::io::Error::other)?;
        }
        all.update(Sha256::digest(&content));
        std::fs::write(&target, &content)?;
    }
    let _ = all.finalize();
    Ok(())
}
