//! `/insight`: measures in tables, in the course of time, by age and by place; as JSON, CSV or a workbook.

mod export;
pub mod map;
pub mod report;
pub mod view;

use crate::access::Act;
use crate::api::extract::{Json, Query};
use crate::api::parts::Parts;
use crate::api::problem::{Answer, Problem};
use crate::api::refused_by_store;
use crate::api::who::Who;
use crate::insight::{InsightError, Question, Seen, Step};
use axum::extract::State as Joined;
use axum::response::{IntoResponse, Response};
use daak_domain::Timestamp;
use daak_domain::insight::{Day, Dimension, Measure, Span};
use export::Form;
use serde::Deserialize;
use utoipa::IntoParams;
use view::{AgesView, HotSpotView, MeasureView, MeasuresView, SeriesView, TableView};

/// Days of the period where none is given: today and those before.
const USUAL: i32 = 30;
/// Measures in one table.
const MOST_MEASURES: usize = 16;

/// Which tickets are counted, and when. Nobody counts tickets that they may not see.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filters {
    /// First day of the period; 29 days before the last where absent. Days are those of Kolkata.
    #[param(value_type = Option<String>, format = Date)]
    pub from: Option<String>,
    /// Last day of the period; today where absent.
    #[param(value_type = Option<String>, format = Date)]
    pub to: Option<String>,
    /// Department code.
    pub department: Option<String>,
    /// Category code.
    pub category: Option<String>,
    /// Class of limit.
    pub class: Option<String>,
    /// LGD code of a district; `none`: where it is not known.
    pub district: Option<String>,
    /// Code of a block or municipality; `none`: where it is not known.
    pub block: Option<String>,
    /// By which way it came.
    pub channel: Option<String>,
    /// Code of the office that has it.
    pub office: Option<String>,
    /// Sign-in name of the person who has it; `none`: nobody.
    pub officer: Option<String>,
}

impl Filters {
    fn question(self, who: &Who) -> Answer<Question> {
        let now = Timestamp::now();
        let day = |name: &str, text: Option<String>| -> Answer<Option<Day>> {
            let text = text.filter(|t| !t.is_empty());
            text.map(|t| t.parse().map_err(|why| Problem::invalid(format!("{name}: {why}")))).transpose()
        };
        let to = day("to", self.to)?.unwrap_or(Day::of(now));
        let from = day("from", self.from)?.unwrap_or(to.plus(1 - USUAL));
        let scope = &who.0.scope;
        let department = scope.department.clone().or(self.department);
        let district = scope.district.clone().or(self.district);
        let given = [
            (Dimension::Department, department),
            (Dimension::Category, self.category),
            (Dimension::Class, self.class),
            (Dimension::District, district),
            (Dimension::Block, self.block),
            (Dimension::Channel, self.channel),
            (Dimension::Office, self.office),
            (Dimension::Officer, self.officer),
        ];
        let mut only = Vec::new();
        for (dimension, wanted) in given {
            let Some(wanted) = wanted.filter(|w| !w.is_empty()) else { continue };
            let known = match dimension {
                Dimension::Class => wanted.parse::<daak_domain::ticket::SlaClass>().err(),
                Dimension::Channel => wanted.parse::<daak_domain::contact::Channel>().err(),
                _ => None,
            };
            if let Some(why) = known {
                return Err(Problem::invalid(format!("{}: {why}", dimension.as_str())));
            }
            only.push((dimension, if wanted == "none" { String::new() } else { wanted }));
        }
        let seen = Seen { offices: scope.offices().cloned(), not_about: scope.hidden().clone() };
        Ok(Question { only, period: Span { from, to }, now, seen })
    }
}

fn refused(why: &InsightError) -> Problem {
    match why {
        InsightError::TooMuch(why) => Problem::invalid(why.to_string()),
        InsightError::Store(why) => refused_by_store(why),
    }
}

/// What is measured: names, formulas, units, targets.
#[utoipa::path(get, path = "/api/v1/insight/measures", tag = "insight", responses((status = 200, description = "All measures", body = MeasuresView)))]
pub async fn measures(Joined(parts): Joined<Parts>, who: Who) -> Answer<Json<MeasuresView>> {
    who.may(Act::ReadMeasures, None)?;
    let now = Timestamp::now();
    let measures = parts.insight.measures();
    Ok(Json(MeasuresView {
        as_of: now,
        today: Day::of(now).to_string(),
        measures: measures.all.iter().map(MeasureView::from).collect(),
        ages: measures.ages.clone(),
    }))
}

/// What is to be told apart.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Columns {
    /// Codes of measures, separated by commas; all where absent.
    pub measures: Option<String>,
    /// department, category, class, district, block, channel, office or officer; only the total where absent.
    pub by: Option<String>,
    /// json, csv or xlsx.
    pub format: Option<String>,
    /// Language of the names in csv and xlsx: bn, hi or en.
    pub language: Option<String>,
}

impl Columns {
    fn by(&self) -> Answer<Option<Dimension>> {
        let given = self.by.as_deref().filter(|by| !by.is_empty());
        given.map(|by| by.parse().map_err(|why| Problem::invalid(format!("by: {why}")))).transpose()
    }

    fn measures<'p>(&self, parts: &'p Parts) -> Answer<Vec<&'p Measure>> {
        let all = parts.insight.measures();
        let Some(codes) = self.measures.as_deref().filter(|codes| !codes.is_empty()) else { return Ok(all.all.iter().collect()) };
        let codes: Vec<_> = codes.split(',').map(str::trim).collect();
        if codes.len() > MOST_MEASURES {
            return Err(Problem::invalid(format!("measures: expected at most {MOST_MEASURES}")));
        }
        codes.into_iter().map(|code| measure(parts, code)).collect()
    }
}

fn measure<'p>(parts: &'p Parts, code: &str) -> Answer<&'p Measure> {
    let unknown = || Problem::invalid("measures: there is none with this code: see /api/v1/insight/measures");
    parts.insight.measures().get(code).ok_or_else(unknown)
}

/// Numbers, told apart by a dimension, each with the list behind it and the same of as many days before.
#[utoipa::path(
    get, path = "/api/v1/insight/table", tag = "insight", params(Filters, Columns),
    responses((status = 200, description = "The numbers", body = TableView), (status = 422, description = "More than can be asked at once", body = Problem, content_type = "application/problem+json"))
)]
pub async fn table(
    Joined(parts): Joined<Parts>,
    who: Who,
    Query(filters): Query<Filters>,
    Query(columns): Query<Columns>,
) -> Answer<Response> {
    who.may(Act::ReadMeasures, None)?;
    let form = Form::of(columns.format.as_deref(), columns.language.as_deref())?;
    let (asked, by, measures) = (filters.question(&who)?, columns.by()?, columns.measures(&parts)?);
    let table = parts.insight.table(&asked, &measures, by).await.map_err(|why| refused(&why))?;
    match form {
        Form::Json => Ok(Json(TableView::new(&asked, by, &measures, &table)).into_response()),
        form => export::table(form, &asked, by, &measures, &table),
    }
}

/// Which course is wanted.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Course {
    /// Code of the measure.
    pub measure: String,
    /// day, week (from Monday) or month; day where absent.
    pub step: Option<String>,
    /// json, csv or xlsx.
    pub format: Option<String>,
    /// Language of the names in csv and xlsx: bn, hi or en.
    pub language: Option<String>,
}

/// A measure in the course of time, with as many days before for comparison.
#[utoipa::path(
    get, path = "/api/v1/insight/series", tag = "insight", params(Filters, Course),
    responses((status = 200, description = "Its points", body = SeriesView), (status = 422, description = "More than can be asked at once", body = Problem, content_type = "application/problem+json"))
)]
pub async fn series(
    Joined(parts): Joined<Parts>,
    who: Who,
    Query(filters): Query<Filters>,
    Query(course): Query<Course>,
) -> Answer<Response> {
    who.may(Act::ReadMeasures, None)?;
    let form = Form::of(course.format.as_deref(), course.language.as_deref())?;
    let measure = measure(&parts, &course.measure)?;
    let step: Step = course.step.as_deref().unwrap_or("day").parse().map_err(|why| Problem::invalid(format!("step: {why}")))?;
    if measure.count.is_now() {
        return Err(Problem::invalid("measure: it tells how things stand now, and has no course in time; see /api/v1/insight/ages"));
    }
    let asked = filters.question(&who)?;
    let points = parts.insight.series(&asked, measure, step).await.map_err(|why| refused(&why))?;
    if form != Form::Json {
        return export::series(form, measure, &points);
    }
    let earlier = Question { period: asked.period.before(), ..asked.clone() };
    let before = parts.insight.series(&earlier, measure, step).await.map_err(|why| refused(&why))?;
    Ok(Json(SeriesView::new(measure, &points, &before)).into_response())
}

/// What is open now, by age in days since registration.
#[utoipa::path(
    get, path = "/api/v1/insight/ages", tag = "insight", params(Filters, Columns),
    responses((status = 200, description = "How many of each age", body = AgesView), (status = 422, description = "More than can be asked at once", body = Problem, content_type = "application/problem+json"))
)]
pub async fn ages(
    Joined(parts): Joined<Parts>,
    who: Who,
    Query(filters): Query<Filters>,
    Query(columns): Query<Columns>,
) -> Answer<Response> {
    who.may(Act::ReadMeasures, None)?;
    let form = Form::of(columns.format.as_deref(), columns.language.as_deref())?;
    let (asked, by) = (filters.question(&who)?, columns.by()?);
    let ages = parts.insight.ages(&asked, by).await.map_err(|why| refused(&why))?;
    match form {
        Form::Json => Ok(Json(AgesView::from(ages)).into_response()),
        form => export::ages(form, &ages),
    }
}

/// Where there is more than was to be expected, and why that is said.
#[utoipa::path(
    get, path = "/api/v1/insight/hotspots", tag = "insight", params(Filters),
    responses((status = 200, description = "Those of the seven days before today, the most remarkable first", body = [HotSpotView]))
)]
pub async fn hotspots(Joined(parts): Joined<Parts>, who: Who, Query(filters): Query<Filters>) -> Answer<Json<Vec<HotSpotView>>> {
    who.may(Act::ReadMeasures, None)?;
    let asked = filters.question(&who)?;
    let found = parts.insight.hotspots(&asked).await.map_err(|why| refused(&why))?;
    Ok(Json(found.iter().map(HotSpotView::from).collect()))
}
