//! `kubecause inspect`.

mod text;

use crate::args::{InspectArgs, ListOutput};
use crate::{Failure, terminal};
use kubecause_bundle::{Input, Inventory};
use kubecause_model::Scope;
use serde::Serialize;

/// The name and version of the JSON form.
const SCHEMA: &str = "kubecause/inspect/v1";

/// What one input is and holds.
#[derive(Debug, Serialize)]
struct Inspected {
    /// Its path, or `standard input`.
    input: String,
    /// What it is: `plain capture in a tar.zst, 27 files`.
    layout: String,
    #[serde(flatten)]
    inventory: Inventory,
}

/// All inputs.
#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    inputs: Vec<Inspected>,
}

/// Reads each input by itself and prints what it holds.
pub fn run(args: &InspectArgs) -> Result<u8, Failure> {
    let inputs: Result<Vec<Inspected>, Failure> = args.paths.iter().map(|path| inspect(path)).collect();
    let answer = Answer { schema: SCHEMA, inputs: inputs? };
    let printed = match args.output {
        ListOutput::Text => {
            let lang = terminal::language(args.lang);
            let parts: Vec<String> =
                answer.inputs.iter().map(|i| text::text(i, lang, terminal::width())).collect();
            parts.join("\n")
        }
        ListOutput::Json => serde_json::to_string_pretty(&answer).map_err(Failure::internal)?,
    };
    terminal::print(&printed).map_err(Failure::internal)?;
    Ok(0)
}

fn inspect(path: &std::path::Path) -> Result<Inspected, Failure> {
    let input = Input::from_argument(path.as_os_str());
    let name = input.name();
    let bundle = kubecause_bundle::read(&[input]).map_err(Failure::input)?;
    let mut inventory = Inventory::of(&bundle.snapshot);
    inventory.lacks(&kubecause_kit::unseen(&bundle.snapshot, &Scope::default()));
    Ok(Inspected { input: name, layout: bundle.description, inventory })
}
