//! From our words to Cedar's: a question becomes a request and the entities that it touches.

use super::question::{Question, Sort, Thing, Value, Verb};
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
    Schema,
};
use std::sync::LazyLock;

/// Something that only a mistake of ours can cause: it is answered by refusing.
pub(super) struct Broken(pub(super) String);

/// A question that Cedar can be asked.
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) entities: Entities,
}

/// Names are parsed once: a parse costs more than a decision.
static SORTS: LazyLock<Vec<Option<EntityTypeName>>> =
    LazyLock::new(|| Sort::ALL.iter().map(|sort| sort.word().parse().ok()).collect());
static ACTIONS: LazyLock<Vec<Option<Action>>> =
    LazyLock::new(|| Verb::ALL.iter().map(|verb| Action::of(*verb)).collect());

/// An action, and the entities that tell its group.
struct Action {
    uid: EntityUid,
    entities: Vec<Entity>,
}

impl Action {
    fn of(verb: Verb) -> Option<Self> {
        let name: EntityTypeName = "Action".parse().ok()?;
        let uid = |word: &str| EntityUid::from_type_name_and_id(name.clone(), EntityId::new(word));
        let group = verb.group().map(uid);
        let action = uid(verb.word());
        let own = Entity::new_with_tags(action.clone(), [], group.clone(), []).ok()?;
        let entities = std::iter::once(own).chain(group.map(Entity::with_uid)).collect();
        Some(Self { uid: action, entities })
    }
}

/// The name of a thing.
pub(super) fn uid(sort: Sort, id: &str) -> Option<EntityUid> {
    let name = SORTS.get(sort as usize)?.clone()?;
    Some(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

/// The name of an action.
pub(super) fn action_uid(verb: Verb) -> Option<&'static EntityUid> {
    ACTIONS.get(verb as usize)?.as_ref().map(|action| &action.uid)
}

impl Asked {
    /// Cedar's form of a question.
    pub(super) fn new(question: &Question) -> Result<Self, Broken> {
        Self::held_against(question, None)
    }

    /// The same, held against a schema: a test does that once for all, for it costs as much as a decision.
    pub(super) fn held_against(
        question: &Question,
        schema: Option<&Schema>,
    ) -> Result<Self, Broken> {
        let action = ACTIONS
            .get(question.verb as usize)
            .and_then(Option::as_ref)
            .ok_or_else(|| Broken(format!("no action `{}`", question.verb.word())))?;
        let broken = |what: &str, error: &dyn std::fmt::Display| Broken(format!("{what}: {error}"));
        let (principal, resource) = (entity(&question.principal)?, entity(&question.resource)?);
        let pairs =
            question.context.iter().map(|(key, value)| ((*key).to_owned(), expression(value)));
        let context = Context::from_pairs(pairs).map_err(|error| broken("context", &error))?;
        let request =
            Request::new(principal.uid(), action.uid.clone(), resource.uid(), context, schema)
                .map_err(|error| broken("request", &error))?;
        let all = [principal, resource].into_iter().chain(action.entities.iter().cloned());
        let entities =
            Entities::from_entities(all, schema).map_err(|error| broken("entities", &error))?;
        Ok(Self { request, entities })
    }
}

fn entity(thing: &Thing) -> Result<Entity, Broken> {
    let broken = || Broken(format!("no sort of thing `{}`", thing.sort.word()));
    let own = uid(thing.sort, &thing.id).ok_or_else(broken)?;
    let attributes =
        thing.attributes.iter().map(|(key, value)| ((*key).to_owned(), expression(value)));
    let parents =
        thing.parents.iter().filter_map(|(sort, id)| uid(*sort, id)).filter(|uid| *uid != own);
    let tags = thing.tags.iter();
    let tags =
        tags.map(|(name, text)| (name.clone(), RestrictedExpression::new_string(text.clone())));
    Entity::new_with_tags(own.clone(), attributes, parents.collect::<Vec<_>>(), tags)
        .map_err(|error| Broken(format!("entity: {error}")))
}

fn expression(value: &Value) -> RestrictedExpression {
    match value {
        Value::Text(text) => RestrictedExpression::new_string(text.clone()),
        Value::Yes(yes) => RestrictedExpression::new_bool(*yes),
        Value::Number(number) => RestrictedExpression::new_long(*number),
        Value::Texts(texts) => RestrictedExpression::new_set(
            texts.iter().cloned().map(RestrictedExpression::new_string),
        ),
    }
}
