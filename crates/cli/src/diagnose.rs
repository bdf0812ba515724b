//! `kubecause diagnose`.

use crate::args::{DiagnoseArgs, Output};
use crate::{Failure, catalogue, objects, terminal};
use kubecause_bundle::Input;
use kubecause_model::Scope;
use kubecause_report::{Format, TextOptions};

/// Reads, diagnoses, prints; the exit code says what was found.
pub fn run(args: &DiagnoseArgs) -> Result<u8, Failure> {
    let inputs: Vec<Input> = args.from.iter().map(|path| Input::from_argument(path.as_os_str())).collect();
    let kit = catalogue::load(&args.own, &args.silences)?;
    let bundle = kit.read(&inputs).map_err(Failure::input)?;
    if let Some(namespace) = &args.namespace {
        objects::check_namespace(&bundle.snapshot, namespace)?;
    }
    let named = objects::find(&bundle.snapshot, &args.objects, args.namespace.as_deref())?;
    let scope = Scope { namespace: args.namespace.clone(), objects: named };
    let diagnosis = kit.conclude(&bundle.snapshot, &scope);
    let code = kubecause_report::exit_code(&diagnosis, args.fail_on.into());
    let shown = kubecause_report::filter(diagnosis, args.min_severity.into());
    let format = match args.output {
        Output::Text => Format::Text,
        Output::Wide => Format::Wide,
        Output::Json => Format::Json,
        Output::Markdown => Format::Markdown,
        Output::Html => Format::Html,
    };
    let options = TextOptions {
        lang: terminal::language(args.lang),
        color: terminal::colored(args.color),
        width: terminal::width(),
        wide: args.output == Output::Wide,
        scope,
        name: Some(bundle.description),
    };
    terminal::print(&kubecause_report::render(format, &shown, &options)).map_err(Failure::internal)?;
    Ok(code)
}
