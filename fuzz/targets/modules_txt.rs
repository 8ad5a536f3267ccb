//! vendor/modules.txt: never a panic; whatever is selected is one of the modules, at its highest version.

#![no_main]

use gomodfetch::spec::goversion::mod_compare;
use gomodfetch::spec::modulestxt::ModulesTxt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let file = ModulesTxt::parse(data);
    for module in &file.modules {
        let selected = file.selected(&module.path).expect("a module is selected");
        assert!(mod_compare(&module.path, selected, &module.version).is_ge());
    }
    for module in &file.replaced {
        assert!(file.replacement(module).is_some());
    }
});
