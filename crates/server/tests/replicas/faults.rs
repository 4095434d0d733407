//! Redis is killed, frozen, emptied, full or absent in the middle of an answer: no request fails,
//! no event is missing or repeated, and the other server returns to live.

use testkit::client::EventStream;
use testkit::{Redis, World};

use super::site::{ENDLESS, Site, degraded, follow, logged, metric, reaches, read_to_end};

/// An endless answer of the first server that is followed at both.
struct Scene {
    site: Site,
    response: String,
    here: EventStream,
    there: EventStream,
}

impl Scene {
    async fn begin(site: Site) -> Self {
        let (here, response) = site.answer(ENDLESS).await;
        let there = follow(&site.there, &response, None).await;
        Self { site, response, here, there }
    }

    /// The follower at the second server goes on reading.
    async fn read(&mut self) {
        self.there.read_text(20).await;
    }

    /// Stops the answer and compares what both followers have with what is stored.
    async fn end(self) -> Site {
        let Self { site, response, here, there } = self;
        // A stop may take its way through the database, as everything else.
        site.stop(&response).await;
        let here = here.finish().await;
        let (there, again) = read_to_end(&site.there, &response, there).await;
        let stored = site.stored(&response).await;
        assert!(here == stored, "{} of {} events at the first", here.len(), stored.len());
        assert!(there == stored, "{} of {} events at the second", there.len(), stored.len());
        assert_eq!(again, 0, "nobody had to connect again");
        site
    }
}

/// The second server follows live again.
async fn live_again(scene: &mut Scene) {
    let two = &scene.site.two;
    reaches(two, "chatapp_bus_returns_total", 1).await;
    let before = metric(two, "chatapp_bus_received_events_total").await;
    scene.there.read_text(20).await;
    reaches(&scene.site.two, "chatapp_bus_received_events_total", before + 10).await;
}

#[testkit::test(servers, needs = Redis::need())]
async fn redis_killed_and_restarted(world: World) {
    let mut scene = Scene::begin(Site::start(&world).await).await;
    scene.read().await;
    scene.site.redis.kill().await;
    reaches(&scene.site.two, "chatapp_bus_fallbacks_total", 1).await;
    scene.read().await;
    scene.site.assert_well().await;
    assert_eq!(degraded(&scene.site.two).await[0], "redis");
    assert_eq!(metric(&scene.site.one, "chatapp_bus_up").await, 0);
    scene.site.redis.come_back().await;
    live_again(&mut scene).await;
    let site = scene.end().await;
    assert!(metric(&site.one, "chatapp_bus_dropped_events_total").await > 0);
    for server in [&site.one, &site.two] {
        assert!(degraded(server).await.is_null());
        assert_eq!(metric(server, "chatapp_bus_up").await, 1);
        assert_eq!(logged(server, "Redis is away"), 1, "one line when it goes");
        assert_eq!(logged(server, "Redis is connected"), 2, "one at the start, one when back");
    }
}

#[testkit::test(servers, needs = Redis::need())]
async fn redis_frozen_and_thawed(world: World) {
    let mut scene = Scene::begin(Site::start(&world).await).await;
    scene.read().await;
    scene.site.redis.freeze();
    reaches(&scene.site.two, "chatapp_bus_fallbacks_total", 1).await;
    scene.read().await;
    scene.site.assert_well().await;
    scene.site.redis.thaw();
    live_again(&mut scene).await;
    scene.end().await;
}

#[testkit::test(servers, needs = Redis::need())]
async fn redis_emptied(world: World) {
    let mut scene = Scene::begin(Site::start(&world).await).await;
    for _ in 0..10 {
        scene.read().await;
        scene.site.redis.flush().await;
    }
    scene.site.assert_well().await;
    scene.read().await;
    let before = metric(&scene.site.two, "chatapp_bus_received_events_total").await;
    reaches(&scene.site.two, "chatapp_bus_received_events_total", before + 10).await;
    scene.end().await;
}

#[testkit::test(servers, needs = Redis::need())]
async fn redis_full(world: World) {
    let mut scene = Scene::begin(Site::start(&world).await).await;
    scene.read().await;
    scene.site.redis.fill().await;
    reaches(&scene.site.two, "chatapp_bus_fallbacks_total", 1).await;
    scene.read().await;
    scene.site.assert_well().await;
    scene.site.redis.make_room().await;
    live_again(&mut scene).await;
    scene.end().await;
}

#[testkit::test(servers, needs = Redis::need())]
async fn redis_absent_at_the_start(world: World) {
    let site = Site::with(&world, Redis::down(), &[]).await;
    let mut scene = Scene::begin(site).await;
    scene.read().await;
    scene.site.assert_well().await;
    assert_eq!(degraded(&scene.site.one).await[0], "redis");
    scene.site.redis.come_back().await;
    live_again(&mut scene).await;
    scene.end().await;
}

#[testkit::test(servers, needs = Redis::need())]
async fn redis_away_for_good(world: World) {
    let site = Site::with(&world, Redis::start().await, &[]).await;
    let mut scene = Scene::begin(site).await;
    scene.read().await;
    scene.site.redis.freeze();
    scene.read().await;
    let mut site = scene.end().await;
    // A frozen Redis does not keep anybody from ending in good order.
    let (_here, _response) = site.answer(ENDLESS).await;
    for server in [&mut site.one, &mut site.two] {
        server.signal("TERM");
        let ended = server.wait().await;
        assert!(ended.status.success(), "{}", ended.stderr);
    }
}
