// Rules that need a clock, a power cut or a hostile gateway at will.
#include <string.h>

#include "board_time.h"
#include "channels.h"
#include "check.h"
#include "gateway.h"
#include "link.h"
#include "table.h"
#include "venue.h"

using wire::RunStatus;
namespace flag = wire::StateFlag;

namespace {

wire::Run order(uint32_t id, uint8_t channel, uint32_t on_ms) { return {id, channel, 255, on_ms, 0}; }

Gateway fresh(const std::vector<wire::TableEntry> &entries) {
    host::factory_new();
    Gateway gateway;
    gateway.ready(entries);
    CHECK(gateway.state.flags & flag::Armed);
    return gateway;
}

}  // namespace

TEST(a_pulse_is_exact_across_the_wrap_of_the_clock) {
    Gateway g = fresh({output(0, 5, 1000, 300)});
    board_time::begin(0xFFFFFFFF - 100);
    g.live(1);  // a heartbeat by the new clock
    g.send(order(1, 0, 500));
    g.live(1);
    const uint32_t began = host::us;
    while (host::pins[5].level && host::us - began < 2000000) g.live(1);
    CHECK(host::us - began >= 498000 && host::us - began <= 501000);
    CHECK(board_time::now().ms < 1000);  // it did wrap
    g.live(2);
    CHECK(g.last(1) == RunStatus::Done);
    g.send(order(2, 0, 10));
    g.live(5);
    CHECK(g.last(2) == RunStatus::Resting);
    g.live(300);
    g.send(order(3, 0, 10));
    g.live(20);
    CHECK(g.last(3) == RunStatus::Done);
}

TEST(the_lease_ends_in_time_across_the_wrap_of_the_clock) {
    Gateway g = fresh({output(0, 5, 60000)});
    board_time::begin(0xFFFFFFFF - 200);
    g.send(wire::Heartbeat{1});
    g.send(order(1, 0, 60000));
    host::run_ms(499);
    CHECK(host::pins[5].level);
    host::run_ms(3);
    CHECK(!host::pins[5].level);
}

TEST(a_rest_long_over_does_not_come_back_after_the_clock_went_round) {
    Gateway g = fresh({output(0, 5, 1000, 100)});
    g.send(order(1, 0, 10));
    g.live(200);
    board_time::begin(board_time::now().ms + 0xFFFFFFFF - 150);  // 49.7 days later, nearly to the millisecond
    g.connect(2);
    g.send(wire::Arm{1});
    g.send(order(2, 0, 10));
    g.live(20);
    CHECK(g.last(2) == RunStatus::Done);
}

TEST(a_power_cut_at_any_byte_of_a_table_write_leaves_the_old_or_the_new_table) {
    const std::vector<wire::TableEntry> old_table = {output(0, 5), output(1, 6)};
    const std::vector<wire::TableEntry> new_table = {output(0, 7, 250), output(1, 8, 350), output(2, 9)};
    bool saw_old = false, saw_new = false;
    for (int cut = 0; cut < 90; cut++) {
        host::factory_new();
        Gateway g;
        g.connect();
        g.load(old_table);
        const uint32_t old_crc = g.table.table_crc;
        g.live(300);
        host::writes_left = cut;
        g.load(new_table);
        const uint32_t new_crc = g.table.table_crc;
        g.live(400);
        host::restart(wire::Boot::PowerOn);
        Gateway again;
        again.connect(2);
        CHECK(again.hello.table_crc == old_crc || again.hello.table_crc == new_crc);
        saw_old = saw_old || again.hello.table_crc == old_crc;
        saw_new = saw_new || again.hello.table_crc == new_crc;
    }
    CHECK(saw_old && saw_new);
}

TEST(the_newer_of_two_stored_tables_counts_however_often_they_changed) {
    host::factory_new();
    for (int i = 0; i < 300; i++) {  // more often than the serial's 256
        Gateway g;
        g.connect(i + 1);
        g.load({output(0, 2 + i % 60, 100 + i)});
        g.live(120);
        host::restart(wire::Boot::PowerOn);
        Gateway again;
        again.connect(1);
        CHECK(again.hello.table_crc == g.table.table_crc);
        host::restart(wire::Boot::PowerOn);
    }
}

TEST(frames_out_of_order_and_duplicates_move_nothing) {
    Gateway g = fresh({output(0, 5), output(1, 6)});
    const wire::Run first = order(1, 0, 50), second = order(2, 1, 50);
    g.raw(wire::Run::KIND, g.seq + 1, &second, sizeof second);  // overtook the first
    g.live(1);
    CHECK(!host::pins[6].level);
    g.send(first);
    g.send(second);
    g.live(2);
    CHECK(host::pins[5].level && host::pins[6].level);
    g.live(100);
    g.raw(wire::Run::KIND, g.seq - 2, &first, sizeof first);  // once more
    g.live(5);
    CHECK(!host::pins[5].level);
    CHECK(g.acked == g.seq);
}

TEST(the_link_runs_on_when_its_numbers_wrap) {
    Gateway g = fresh({output(0, 5)});
    for (uint32_t id = 1; id <= 600; id++) {
        g.send(order(id, 0, 1));
        g.live(4);
        CHECK(g.last(id) == RunStatus::Done);
    }
    CHECK(g.results.size() == 1200);
}

TEST(a_board_whose_answers_are_not_acknowledged_takes_no_more_orders_and_forgets_none) {
    Gateway g = fresh({output(0, 5), output(1, 6)});
    g.acks = false;
    const uint8_t from = g.seq;
    for (uint32_t id = 1; id <= 20; id++) {
        g.send(wire::Query{id});
        g.live(1);
    }
    CHECK(uint8_t(g.acked - from) < 20);
    g.acks = true;
    g.live(100);
    CHECK(g.results.size() == uint8_t(g.acked - from));
    while (g.acked != g.seq) {  // repeat what was not taken
        const uint8_t seq = g.acked;
        const wire::Query query = {uint32_t(uint8_t(seq - from)) + 1};
        g.raw(wire::Query::KIND, seq, &query, sizeof query);
        g.live(40);
        CHECK(g.acked != seq);
        if (g.acked == seq) return;
    }
    CHECK(g.results.size() == 20);
}

TEST(a_cancel_and_a_new_run_in_one_breath_are_both_answered) {
    Gateway g = fresh({output(0, 5)});
    g.send(order(1, 0, 500));
    g.live(5);
    g.send(wire::Cancel{1});
    g.send(order(2, 0, 20));
    g.live(40);
    CHECK(g.last(1) == RunStatus::Cancelled);
    CHECK(g.last(2) == RunStatus::Done);
}

TEST(sixteen_endings_at_once_are_all_told_through_a_small_outbox) {
    std::vector<wire::TableEntry> entries;
    for (uint8_t i = 0; i < 16; i++) entries.push_back(output(i, 20 + i));
    Gateway g = fresh(entries);
    for (uint8_t i = 0; i < 16; i++) {
        g.send(order(100 + i, i, 900));
        g.live(2);
    }
    g.send(wire::Cancel{0});
    g.live(60);
    for (uint8_t i = 0; i < 16; i++) CHECK(g.last(100 + i) == RunStatus::Cancelled);
}

TEST(only_the_last_thirty_two_ids_are_remembered_and_one_that_runs_never_leaves) {
    Gateway g = fresh({output(0, 5, 60000), output(1, 6)});
    g.send(order(9999, 0, 20000));
    for (uint32_t id = 1; id <= 40; id++) {
        g.send(order(id, 1, 1));
        g.live(4);
    }
    g.results.clear();
    g.send(order(9999, 0, 20000));
    g.send(wire::Query{40});
    g.send(wire::Query{10});
    g.send(wire::Query{1});
    g.live(5);
    CHECK(g.last(9999) == RunStatus::Started);
    CHECK(g.last(40) == RunStatus::Done);
    CHECK(g.last(10) == RunStatus::Done);
    CHECK(g.last(1) == RunStatus::UnknownId);
}

TEST(a_stop_holds_over_a_watchdog_reset_and_not_over_a_power_cut) {
    Gateway g = fresh({output(0, 5)});
    g.send(wire::Stop{77});
    g.live(2);
    host::restart(wire::Boot::Watchdog);
    Gateway again;
    again.connect(5);
    again.live(2);
    CHECK((again.state.flags & flag::Stopped) && again.state.trip == 77);
    host::restart(wire::Boot::PowerOn);
    Gateway third;
    third.connect(6);
    third.live(2);
    CHECK(!(third.state.flags & flag::Stopped));
}

TEST(an_input_that_changes_before_the_first_session_is_told_in_it) {
    host::factory_new();
    Gateway g;
    g.connect();
    g.load({contact(0, 3, wire::ChannelKind::Input)});
    g.live(300);
    host::run_ms(1000);  // the gateway is gone
    host::pins[3].outside = true;
    host::run_ms(100);
    g.connect(2);
    g.live(5);
    CHECK(g.changes.size() == 1 && g.changes[0].level == 1 && g.changes[0].count == 1);
}

TEST(an_empty_table_that_comes_while_another_is_written_leaves_the_eeprom_whole) {
    host::factory_new();
    Gateway g;
    g.connect();
    g.load({output(0, 5), output(1, 6)});
    g.live(100);  // some bytes are written
    g.load({});
    g.live(400);
    host::restart(wire::Boot::PowerOn);
    Gateway again;
    again.connect(2);
    CHECK(again.hello.table_crc == 0);
}

TEST(a_table_with_one_of_everything_comes_back_from_the_eeprom_as_it_was) {
    host::factory_new();
    Gateway g;
    g.connect();
    const std::vector<wire::TableEntry> entries = one_of_everything();
    g.load(entries);
    CHECK(g.table.ok);
    for (const wire::TableEntry &e : entries) {
        const wire::TableEntry kept = table::unpacked(e.index);
        CHECK(!memcmp(&kept, &e, sizeof e));
    }
    g.live(2000);
    host::restart(wire::Boot::PowerOn);
    CHECK(table::crc() == g.table.table_crc);
    for (const wire::TableEntry &e : entries) {
        const wire::TableEntry kept = table::unpacked(e.index);
        CHECK(!memcmp(&kept, &e, sizeof e));
    }
}

TEST(a_run_beyond_its_duty_is_refused_until_the_window_has_gone_by) {
    wire::TableEntry motor = output(0, 5, 10000);
    motor.duty_permille = 100;
    motor.duty_window_s = 20;  // 2 s
    Gateway g = fresh({motor});
    g.send(order(1, 0, 1500));
    g.live(1600);
    g.send(order(2, 0, 600));
    g.send(order(3, 0, 500));
    g.live(600);
    CHECK(g.last(2) == RunStatus::Duty);
    CHECK(g.last(3) == RunStatus::Done);
    g.live(12000);
    g.send(order(4, 0, 100));
    g.live(10);
    CHECK(g.last(4) == RunStatus::Duty);
    g.live(13000, 1000);
    g.send(order(5, 0, 2000));
    g.live(2100);
    CHECK(g.last(5) == RunStatus::Done);
}

TEST(a_pattern_is_exact_across_the_wrap_of_the_clock) {
    Gateway g = fresh({output(0, 5), output(1, 6)});
    board_time::begin(0xFFFFFFFF - 100);
    g.live(1);
    const uint8_t channels[4] = {0, 1, 0, 1};
    for (uint8_t i = 0; i < 4; i++) {
        g.send(wire::PatternStep{i, channels[i], 255, 60, 60});
        g.live(1);
    }
    g.send(wire::PatternRun{1, 4, 0});
    while (!host::pins[5].level) g.live(1);
    const uint32_t began = host::us;
    while (g.last(1) == RunStatus::Started && host::us - began < 1000000) {
        const bool first = (host::us - began) / 1000 % 120 < 60;
        const uint32_t within = (host::us - began) / 1000 % 60;
        if (within > 1 && within < 58) CHECK(host::pins[5].level == first && host::pins[6].level == !first);
        g.live(1);
    }
    CHECK(g.last(1) == RunStatus::Done);
    CHECK(host::us - began >= 239000 && host::us - began <= 243000);
}

TEST(what_the_gateway_misses_is_said_again_at_once) {
    Gateway g = fresh({output(0, 5)});
    g.send(order(1, 0, 10));
    host::run_ms(5);
    host::from_board.clear();  // the answer is lost
    g.send(wire::Again{});
    g.live(2);
    CHECK(g.last(1) == RunStatus::Started);
}

TEST(a_missing_frame_is_asked_for_once) {
    Gateway g = fresh({output(0, 5)});
    const wire::Run first = order(1, 0, 50), second = order(2, 0, 50);
    const uint8_t seq = g.seq;
    g.raw(wire::Run::KIND, seq + 1, &second, sizeof second);
    g.live(2);
    CHECK(g.agains == 1);
    g.raw(wire::Run::KIND, seq + 1, &second, sizeof second);
    g.live(2);
    CHECK(g.agains == 1);
    g.raw(wire::Run::KIND, seq, &first, sizeof first);
    g.live(2);
    CHECK(g.last(1) == RunStatus::Started);
}

TEST(steps_that_came_while_others_played_are_never_mixed_with_them) {
    Gateway g = fresh({output(0, 5), output(1, 6)});
    const auto load = [&](uint8_t index, uint8_t channel) {
        g.send(wire::PatternStep{index, channel, 255, 20, 20});
        g.live(1);
    };
    const auto play = [&](uint32_t id, uint8_t count) {
        g.send(wire::PatternRun{id, count, 0});
        g.live(100);
        return g.last(id);
    };
    load(0, 0);
    load(1, 0);
    load(2, 0);
    g.send(wire::PatternRun{1, 3, 0});
    g.live(10);
    load(1, 1);  // while it plays
    g.live(100);
    CHECK(g.last(1) == RunStatus::Done);
    CHECK(play(2, 3) == RunStatus::Full);
    CHECK(play(3, 3) == RunStatus::Full);  // and again: nothing has mended it
    CHECK(play(4, 1) == RunStatus::Done);  // it has no part in that
    load(1, 1);
    CHECK(play(5, 3) == RunStatus::Done);
}

TEST(the_last_of_thirty_two_steps_is_refused_and_loaded_like_any_other) {
    Gateway g = fresh({output(0, 5)});
    for (uint8_t i = 0; i < wire::MAX_STEPS; i++) {
        g.send(wire::PatternStep{i, 0, 255, 5, 5});
        g.live(2);
    }
    g.send(wire::PatternRun{1, wire::MAX_STEPS, 0});
    g.live(10);
    g.send(wire::PatternStep{wire::MAX_STEPS - 1, 0, 255, 5, 5});
    g.live(300);
    CHECK(g.last(1) == RunStatus::Done);
    g.send(wire::PatternRun{2, wire::MAX_STEPS, 0});
    g.live(10);
    CHECK(g.last(2) == RunStatus::Full);
    g.send(wire::PatternRun{3, wire::MAX_STEPS - 1, 0});
    g.live(300);
    CHECK(g.last(3) == RunStatus::Done);
}

TEST(a_step_waits_for_more_than_half_a_minute) {
    Gateway g = fresh({output(0, 5), output(1, 6)});
    g.send(wire::PatternStep{0, 0, 255, 10, 65000});
    g.send(wire::PatternStep{1, 1, 255, 10, 0});
    g.send(wire::PatternRun{1, 2, 0});
    while (!host::pins[5].level) g.live(1);
    const uint32_t began = host::us;
    while (!host::pins[6].level && host::us - began < 70000000) g.live(1, 500);
    CHECK(host::us - began >= 64998000 && host::us - began <= 65002000);
}
