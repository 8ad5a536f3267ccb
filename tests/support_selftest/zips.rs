//! Zips, sound and broken, and the modules made of them.

use std::io::{Cursor, Read as _};

use crate::support::modules::ModuleVersion;
use crate::support::zips::{self, Field, Header, Surgery};

fn entries() -> Vec<zips::Entry> {
    [("m@v1/go.mod", "module m\n"), ("m@v1/ä.txt", ""), ("m@v1/x/long", "text\n")]
        .map(|(name, text)| (name.to_owned(), text.repeat(2000).into_bytes()))
        .to_vec()
}

fn read_zip(zip: &[u8]) -> Result<Vec<zips::Entry>, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).map_err(|err| err.to_string())?;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|err| err.to_string())?;
        let mut data = Vec::new();
        file.read_to_end(&mut data).map_err(|err| err.to_string())?;
        entries.push((file.name().to_owned(), data));
    }
    Ok(entries)
}

#[test]
fn both_shapes_of_zips_can_be_read() {
    for zip in [zips::sized(&entries()), zips::streamed(&entries())] {
        assert_eq!(read_zip(&zip).as_deref(), Ok(entries().as_slice()));
    }
    let flags = |zip: &[u8]| u16::from_le_bytes([zip[6], zip[7]]);
    assert_eq!(flags(&zips::streamed(&entries())), 8, "a data descriptor follows");
    assert_eq!(flags(&zips::sized(&entries())), 0);
}

#[test]
fn a_zip_may_have_more_entries_than_its_end_record_can_count() {
    let many: Vec<_> = (0..70_000).map(|n| (format!("m@v1/{n}"), Vec::new())).collect();
    let zip = zips::streamed(&many);
    let archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a zip64 directory");
    assert_eq!(archive.len(), 70_000);
}

#[test]
fn surgery_breaks_what_it_says() {
    let zip = || Surgery::on(zips::streamed(&entries()));
    let fails = |zip: Vec<u8>| read_zip(&zip).expect_err("a broken zip");

    let long = "m@v1/x/long";
    assert!(fails(zip().set_both(long, Field::Crc, 7).finish()).contains("checksum"));
    fails(zip().damage(long, 3).finish());
    fails(zip().set_both(long, Field::Method, 99).finish());
    fails(zip().set_both(long, Field::Flags, 9).finish());
    let whole = zip().finish();
    fails(zip().truncate(whole.len() - 30).finish());

    // A reader of the central directory does not see these.
    let sound = [
        zip().set(long, Header::Local, Field::Uncompressed, 7).finish(),
        zip().rename(long, Header::Local, "m@v1/../lon").finish(),
        zip().prepend(b"#!/bin/sh\n").finish(),
        zip().insert_before_directory(b"hidden").finish(),
        zip().comment(b"a comment").finish(),
    ];
    for zip in sound {
        assert_ne!(zip, whole);
        assert_eq!(read_zip(&zip).as_deref(), Ok(entries().as_slice()));
    }

    let renamed = zip().rename("m@v1/go.mod", Header::Central, "/etc/passwd").finish();
    assert_eq!(read_zip(&renamed).expect("a sound zip")[0].0, "/etc/passwd");
    let link = zip().unix_mode(long, 0o120_777).finish();
    let mut archive = zip::ZipArchive::new(Cursor::new(link)).expect("a sound zip");
    assert!(archive.by_index(2).expect("the link").is_symlink());
}

#[test]
fn generated_modules_are_the_same_on_each_run() {
    let module = ModuleVersion::generated("example.com/g v1.0.0", [0, 10, 100_000]);
    let again = ModuleVersion::generated("example.com/g v1.0.0", [0, 10, 100_000]);
    assert_eq!(module.zip, again.zip);
    let sizes: Vec<_> = module.entries().iter().map(|(_, data)| data.len()).collect();
    assert_eq!(sizes[1..], [0, 10, 100_000]);
    assert!((40_000..70_000).contains(&module.zip.len()), "{}", module.zip.len());
}

#[test]
fn tampering_leaves_the_hashes() {
    let module = ModuleVersion::new("example.com/t v1.0.0", "-- t.go --\npackage t\n");
    let lines = module.go_sum();
    let zip = Surgery::on(module.zip.to_vec()).append(b"junk").finish();
    let tampered = module.clone().tampered_zip(zip).tampered_go_mod("module evil\n");
    assert_eq!(tampered.go_sum(), lines);
    assert_eq!(module.clone().sized_zip().go_sum(), lines);
    assert_ne!(tampered.zip, module.zip);
}
