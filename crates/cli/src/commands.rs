//! One file a command: its arguments, whose doc comments are its help; the call; how the answer looks.

pub(crate) mod agents;
pub(crate) mod approval;
pub(crate) mod attach;
pub(crate) mod audit;
pub(crate) mod change;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod down;
pub(crate) mod guard;
pub(crate) mod hook;
pub(crate) mod init;
pub(crate) mod log;
pub(crate) mod mcp;
pub(crate) mod person;
pub(crate) mod queue;
pub(crate) mod runner;
pub(crate) mod session;
pub(crate) mod show;
pub(crate) mod sign_in;
pub(crate) mod sign_in_link;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod task;
pub(crate) mod token;
pub(crate) mod tool;
pub(crate) mod tour;
pub(crate) mod up;
pub(crate) mod view;

use crate::args::Command;
use crate::error::CommandError;
use crate::exit::{self, Exit};
use crate::here::Here;
use crate::ui::Ui;

/// Runs one command to its end.
///
/// # Errors
/// Whatever kept it from its answer.
pub(crate) fn run(ui: &mut Ui, here: &Here, command: Command) -> Result<Exit, CommandError> {
    match command {
        Command::Up(args) => up::run(ui, here, args),
        Command::Down => down::run(ui, here),
        Command::Init(args) => init::run(ui, here, &args),
        Command::Status(args) => status::run(ui, here, &args),
        Command::Log(args) => log::run(ui, here, &args),
        Command::Show(args) => show::run(ui, here, &args),
        Command::Task(command) => task::run(ui, here, command),
        Command::Session(command) => session::run(ui, here, command),
        Command::Hook(args) => return Ok(hook::run(&args)),
        Command::Guard(command) => return guard::run(ui, here, command),
        Command::Attach(args) => attach::run(ui, here, args),
        Command::Detach(args) => attach::detach(ui, here, args),
        Command::Doctor(args) => return doctor::run(ui, here, &args),
        Command::Approval(command) => approval::run(ui, here, command),
        Command::View(command) => view::run(ui, here, command),
        Command::Tool(command) => tool::run(ui, here, command),
        Command::Agents => agents::run(ui, here),
        Command::Pause(args) => agents::pause(ui, here, args),
        Command::Resume(args) => agents::resume(ui, here, args),
        Command::Submit(args) => return submit::run(ui, here, &args),
        Command::Queue(args) => queue::run(ui, here, args),
        Command::Runner(command) => runner::run(ui, here, command),
        Command::Change(command) => change::run(ui, here, command),
        Command::Person(command) => person::run(ui, here, command),
        Command::Token(command) => token::run(ui, here, command),
        Command::SignInLink(args) => sign_in_link::run(ui, here, &args),
        Command::SignIn(args) => sign_in::run(ui, args),
        Command::SignOut(args) => sign_in::forget(ui, &args),
        Command::Audit(command) => audit::run(ui, here, command),
        Command::Mcp(args) => mcp::run(here, &args),
        Command::Tour(args) => tour::run(ui, here, &args),
        Command::Completions(args) => completions::run(ui, &args),
        Command::ExitCodes => ui.raw(exit::table().as_bytes()),
    }?;
    Ok(Exit::Ok)
}
