//! `/show/{id}`: one thing, all that is known of it, and where it leads.

use super::door::{Page, PageDoor};
use super::parts::{id_link, more};
use super::{now, shell, thing};
use crate::api::look;
use crate::door::Named;
use crate::wire::{Link, Shown};
use maud::{Markup, html};
use weir_model::AnyId;

/// Links of one thing on its page.
const LINKS_SHOWN: usize = 60;

/// `GET /show/{id}`
pub(super) async fn page(
    PageDoor(door): PageDoor,
    id: Result<Named<AnyId>, crate::reply::Problem>,
) -> Result<Markup, Page> {
    let Named(id) = id?;
    let position = door.position();
    let Shown { id, thing, links, events } = look::shown(&door, id).await?;
    let (space, now) = door.read(|see| Ok((see.space(&door.weir.place, &door.caller), see.now)))?;
    let acts = thing::acts(&door, &thing).await?;
    let main = html! {
        div #head data-live { (thing::head(&id, &thing, now)) }
        div.grid {
            div.side {
                div.side #thing data-live { (thing::body(&thing, now)) }
                @if let Some(acts) = &acts { section.card { (acts) } }
            }
            div.side {
                section.card #links data-live { (related(&links)) }
                section.card #events data-live { (now::events(&events, now)) }
            }
        }
    };
    Ok(shell::page(&door, &space, position, &id, &main))
}

fn related(links: &[Link]) -> Markup {
    html! {
        h2 { "Related" }
        @if links.is_empty() { p.none { "Nothing." } }
        ul.rows {
            @for link in links.iter().take(LINKS_SHOWN) {
                li {
                    (id_link(&link.id))
                    span.what { @if let Some(title) = &link.title { (title) } }
                    span.end { (link.how) }
                }
            }
        }
        (more(links.len().min(LINKS_SHOWN), links.len() as u64))
    }
}
