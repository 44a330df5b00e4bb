"""Where people talk with the advisor in Slack, and how it answers there."""

import pytest

from tests.support.slack import SlackAdvisor
from tools.slack_simulator import TWO, offered, words

SEARCH = "surgery in Kenya for 4 weeks"
LETTER = "Can I ask for a letter of recommendation after four weeks?"


def test_a_question_in_a_dm_is_answered_at_its_top_level(over_http: SlackAdvisor):
    place = over_http.person("dm").dm()
    answer = place.ask("why should I do an internship?")
    assert answer.thread_ts is None
    assert "internship" in words(answer)
    assert answer.text and answer.blocks


def test_a_dm_keeps_the_thread_of_a_conversation(over_http: SlackAdvisor):
    place = over_http.person("keeps").dm()
    assert "Yes" in words(place.ask(LETTER))
    assert '"' in words(place.ask("what would I say?"))
    events = over_http.advisor.events("slack:T0ONE:U0KEEPS")
    assert "frame" in {event.get("name") for event in events}


def test_a_mention_is_answered_in_its_thread(over_http: SlackAdvisor):
    place = over_http.person("mention").channel()
    said = place.mention("why should I do an internship?")
    answer = place.thread_of(said).wait_for_answer(said.ts)
    assert answer.thread_ts == said.ts
    assert "internship" in words(answer)


def test_a_follow_up_in_the_thread_needs_no_mention(over_http: SlackAdvisor):
    place = over_http.person("follow").channel()
    said = place.mention(LETTER)
    thread = place.thread_of(said)
    assert "Yes" in words(thread.wait_for_answer(said.ts))
    assert '"' in words(thread.ask("what would I say?"))


def test_what_people_say_to_each_other_in_a_channel_is_left_alone(over_http: SlackAdvisor):
    person = over_http.person("chatter")
    place = person.channel()
    said = place.say("why should I do an internship?")
    # Somebody else's thread, in which the advisor has no part.
    place.thread_of(said).say("because you learn a lot")
    assert words(person.dm().ask("hello"))
    over_http.settle()
    assert place.thread_of(said).seen() == []
    assert [m for m in place.seen(said.ts) if m.thread_ts is None] == []


def test_two_people_in_a_thread_have_a_conversation_each(over_http: SlackAdvisor):
    first, second = over_http.person("first").channel(), over_http.person("second").channel()
    said = first.mention(SEARCH)
    thread = first.thread_of(said)
    assert "Kenya" in words(thread.wait_for_answer(said.ts))
    other = second.thread_of(said)
    asked = other.mention("show me more results")
    answer = other.wait_for_answer(asked.ts)
    # The second has not searched yet.
    assert "Kenya" not in words(answer)


def test_a_mention_in_a_group_dm_is_answered(over_http: SlackAdvisor):
    place = over_http.person("group").group_dm("U0FRIEND")
    said = place.mention(SEARCH)
    thread = place.thread_of(said)
    assert "Kenya" in words(thread.wait_for_answer(said.ts))
    over_http.settle()
    expected = over_http.expected(SEARCH)[0]
    assert [m.text for m in thread.seen(said.ts)] == expected


def test_a_thread_in_a_dm_is_answered_in_the_thread(over_http: SlackAdvisor):
    place = over_http.person("dmthread").dm()
    first = place.say("hello")
    place.wait_for_answer(first.ts)
    thread = place.thread_of(first)
    answer = thread.ask("why should I do an internship?")
    assert answer.thread_ts == first.ts


def test_an_empty_mention_says_what_to_ask(over_http: SlackAdvisor):
    place = over_http.person("empty").channel()
    said = place.mention("")
    assert words(place.thread_of(said).wait_for_answer(said.ts)).strip()


def test_a_command_is_answered_to_the_person_alone(over_http: SlackAdvisor):
    person, other = over_http.person("command"), over_http.person("bystander")
    place = person.channel()
    since = place.slack.world.next_ts()
    assert person.command("why should I do an internship?", place).wait().ok
    answer = place.wait_for_answer(since, lambda m: "internship" in words(m))
    assert answer.ephemeral_to == person.id
    assert other.channel().seen(since) == []


def test_a_commands_answer_can_be_shared_once(over_http: SlackAdvisor):
    person, other = over_http.person("sharer"), over_http.person("reader")
    place = person.channel()
    since = place.slack.world.next_ts()
    person.command("why should I do an internship?", place)
    answer = place.wait_for_answer(since, lambda m: "Share in channel" in offered(m))
    assert place.click(answer, "Share in channel").wait().ok
    shared = other.channel().wait_for_answer(since)
    assert "internship" in words(shared)
    assert shared.ephemeral_to is None and "Share in channel" not in offered(shared)
    place.click(answer, "Share in channel", again=True).wait()
    over_http.settle()
    assert len([m for m in other.channel().seen(since) if m.text == shared.text]) == 1


def test_a_command_without_a_question_explains_itself(over_http: SlackAdvisor):
    person = over_http.person("nocommand")
    place = person.channel()
    since = place.slack.world.next_ts()
    assert person.command("", place).wait().ok
    assert words(place.wait_for_answer(since)).strip()


def test_a_command_works_where_the_app_is_not_a_member(over_http: SlackAdvisor):
    person = over_http.person("outside")
    place = person.channel()
    over_http.slack.kick(place.channel.id)
    try:
        since = place.slack.world.next_ts()
        assert person.command("why should I do an internship?", place).wait().ok
        assert place.wait_for_answer(since, lambda m: "internship" in words(m))
    finally:
        over_http.slack.invite(place.channel.id)


def test_app_home_says_what_it_can_do(over_http: SlackAdvisor):
    person = over_http.person("homely")
    assert person.open_home().wait().ok
    home = over_http.slack.wait_for(person.home, "an App Home")
    texts = str(home["blocks"])
    assert "Preceptor" in texts or "advisor" in texts or "internship" in texts
    assert any(block["type"] == "actions" for block in home["blocks"])


def test_a_topic_of_app_home_is_answered_in_the_dm(over_http: SlackAdvisor):
    person = over_http.person("topic")
    person.open_home()
    home = over_http.slack.wait_for(person.home, "an App Home")
    button = next(
        element
        for block in home["blocks"]
        for element in block.get("elements") or []
        if element.get("type") == "button" and element.get("value")
    )
    since = over_http.slack.world.next_ts()
    assert person.click_home(button["text"]["text"]).wait().ok
    assert words(person.dm().wait_for_answer(since)).strip()


def test_app_home_shows_the_last_search(over_http: SlackAdvisor):
    person = over_http.person("searcher")
    assert "Kenya" in words(person.dm().ask(SEARCH))
    over_http.settle("U0SEARCHER")
    person.open_home()
    over_http.slack.wait_for(
        lambda: "Kenya" in str((person.home() or {}).get("blocks")), "the search in App Home"
    )


def test_the_assistant_panel_offers_prompts_and_shows_a_status(over_http: SlackAdvisor):
    person = over_http.person("panel")
    panel = person.open_assistant()
    channel = panel.channel.id
    world = over_http.slack.world
    prompts = over_http.slack.wait_for(lambda: world.prompts.get(channel), "suggested prompts")
    said = panel.say(prompts[0]["message"])
    answer = panel.wait_for_answer(said.ts)
    assert answer.thread_ts == panel.thread_ts
    assert any(c == channel and text for c, _, text in world.statuses)


def test_the_messages_tab_of_new_apps_offers_prompts(over_http: SlackAdvisor):
    person = over_http.person("tab")
    person.open_messages_tab()
    world = over_http.slack.world
    assert over_http.slack.wait_for(
        lambda: world.prompts.get(person.dm().channel.id), "suggested prompts"
    )


def test_a_message_shortcut_answers_about_somebodys_message(over_http: SlackAdvisor):
    person, author = over_http.person("shortcut"), over_http.person("author")
    message = author.channel().say("why should I do an internship?")
    place = person.channel()
    assert person.shortcut(message, "ask_preceptor", place).wait().ok
    # In the thread of the message, where it is understood.
    answer = place.thread_of(message).wait_for_answer(message.ts)
    assert "internship" in words(answer)


def test_a_second_workspace_needs_an_installation(over_http: SlackAdvisor):
    place = over_http.person("stranger", TWO).dm()
    _, (event,) = place.write("hello")
    delivery = over_http.slack.tell_event(event, TWO)
    delivery.wait()
    assert words(over_http.person("stranger").dm().ask("hello"))
    assert place.seen() == []


@pytest.mark.parametrize(
    "text",
    ["/restart", "/find_program{}", "   ", "&lt;script&gt;alert(1)&lt;/script&gt;", "x" * 9_000],
    ids=["command", "entities", "blank", "html", "very long"],
)
def test_odd_messages_are_answered_in_words(over_http: SlackAdvisor, text: str):
    place = over_http.person(f"odd{abs(hash(text)) % 10_000}").dm()
    assert words(place.ask(text)).strip()
