"""What the claims check lets pass and what it refuses: a sentence or two for each rule."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from flows.analysis.claims import Facts, Refused, refusal
from tests.analysis import corpus
from tests.builders import build_alert_above, build_material, build_samples

# 30 tickets, then 69; negative 12, then 49. 사파리 0 → 49, 결제 실패 6 → 31. Usual 24 to 38. 2026-11-09 to 15.
FACTS = Facts(next(c.material for c in corpus.TRUE if c.material.change.category3 == "결제 오류"))

TRUE = {
    "largest factor": "'사파리'의 증가 폭이 가장 크고, 결제 실패는 6건에서 31건으로 25건 늘었습니다.",
    "rise beside a rise": "전체 문의가 39건 늘어난 가운데 부정 문의는 37건 늘었습니다.",
    "counts": "문의가 30건에서 69건으로 늘었습니다.",
    "factor": "결제 실패 문의가 6건에서 31건으로 다섯 배가 되었습니다.",
    "points": "부정 비율은 40%에서 71%로 31%p 상승했습니다.",
    "part": "문의 69건 중 49건이 사파리를 언급했습니다.",
    "part of a change": "늘어난 39건 가운데 37건이 부정 문의입니다.",
    "ratio": "열 건 중 일곱 건이 부정 문의입니다.",
    "usual": "평소 상한 38건을 31건이나 초과했습니다.",
    "within samples": "표본 10건 중 8건이 부정입니다.",
    "measure of a ticket": "39,000원이 두 번 승인된 것 같다는 문의도 있습니다.",
    "way of speaking": "두 가지 가능성을 한 번 더 살펴볼 만합니다.",
    "half": "문의의 절반 이상이 부정입니다.",
    "digits": "11월 9일부터 11월 15일까지 접수된 문의입니다.",
    "day of a ticket": "11월 10일부터 카드 결제가 되지 않는다고 합니다.",
    "name of the tickets": "아이폰과 맥북의 사파리에서 흰 화면이 나온다고 합니다.",
    "loan word": "대시보드에 모니터링을 추가하고 핫픽스 배포를 검토합니다.",
    "abbreviation": "SDK와 API의 응답을 GPS 기록과 대조합니다.",
    "keyword that is new": "사파리 언급은 지난주에는 없었습니다.",
    "most of eight weeks": "최근 8주 가운데 이번 주가 가장 많습니다.",
    "each": "'사파리'와 '결제 실패'는 각각 49건, 31건 언급되었습니다.",
    "rest": "부정이 아닌 문의도 18건에서 20건으로 늘었습니다.",
    "metric as an opinion": "전환율이 낮아졌을 가능성이 있습니다.",
    "mixed numerals": "예순아홉 건 가운데 마흔아홉 건이 부정입니다.",
    "slightly": "문의가 70건에 조금 못 미칩니다.",
    "middle of a decade": "문의는 60건대 후반입니다.",
    "beyond a bound": "평소 상한 38건보다 31건 많습니다.",
    "times a bound": "평소 상한의 1.8배 수준입니다.",
    "list": "총 69건 / 부정 49건(71.0%) / 전주 대비 +39건(+130%).",
    "each its own": "'사파리'는 49건, '결제 실패'는 31건에서 나왔습니다.",
    "share of two numbers": "69건 중 49건, 즉 71%가 부정입니다.",
    "ratio without a unit": "부정은 열에 일곱 정도입니다.",
    "order of two words": "'사파리' 언급은 '결제 실패'보다 많습니다.",
    "most of the last weeks": "최근 8주 중 최다 건수입니다.",
    "hedged event": "정전이 있었을 가능성도 배제할 수 없습니다.",
    "compound of letters": "QR코드와 VIP고객 안내를 살펴볼 만합니다.",
    "English words for numbers": "About seven in ten tickets are negative.",
    "English": "Negative tickets rose from 12 to 49, and more than half of the tickets are negative.",
    "counts of words in brackets": "'사파리'(0→49)·'결제 실패'(6→31) 동반 증가.",
    "the other week in brackets": "부정 문의 49건(전주 12건), 부정 비율 71.0%(+31.0%p).",
    "range of past weeks": "27~35건을 오가다가 이번 주 69건으로 늘었습니다.",
    "few of ten": "부정 문의는 10건 중 예닐곱 건꼴입니다.",
    "money in two scales": "3만 9천 원이 두 번 승인됐다는 문의가 있습니다.",
    "stage": "1차 원인 조사가 필요합니다.",
    "week of a retold ticket": "현금영수증을 어디에서 신청하는지 묻는 문의는 전주에 접수된 것입니다.",
    "above the usual range": "평소 범위(24~38건)보다 많은 수준입니다.",
    "the rest": "69건 중 부정 문의는 49건, 나머지 20건은 일반 문의입니다.",
    "not seen first": "이번 주에 처음 나타난 문제는 아닙니다.",
    "verb like a name": "고객에게 알리고 결제 방법을 안내하세요.",
    "order of weeks in English": "It is the highest volume of the last eight weeks, well above the usual 24 to 38.",
}  # fmt: skip

FALSE = {
    "largest factor": ("'결제 실패'의 증가 폭이 가장 큽니다.", Refused.DIRECTION),
    "fall with its difference": ("결제 실패는 6건에서 31건으로 25건 줄었습니다.", Refused.NUMBER),
    "counts": ("문의가 30건에서 96건으로 늘었습니다.", Refused.NUMBER),
    "weeks swapped": ("문의가 69건에서 30건으로 줄었습니다.", Refused.NUMBER),
    "factor of a keyword": ("결제 실패 문의가 6건에서 31건으로 두 배가 되었습니다.", Refused.NUMBER),
    "share of the other week": ("전체 문의의 40%가 부정적입니다.", Refused.NUMBER),
    "part": ("문의 69건 중 39건이 사파리를 언급했습니다.", Refused.NUMBER),
    "part of a change": ("늘어난 39건 가운데 27건이 부정 문의입니다.", Refused.NUMBER),
    "usual": ("평소 상한 38건을 41건이나 초과했습니다.", Refused.NUMBER),
    "bound": ("문의가 백 건을 넘었습니다.", Refused.NUMBER),
    "measure": ("39,000원이 세 번 승인되었다고 합니다.", Refused.NUMBER),
    "days in words": ("열흘째 환불을 받지 못했다고 합니다.", Refused.NUMBER),
    "bare number": ("결제 창이 88까지 느려졌습니다.", Refused.NUMBER),
    "people": ("고객 69명이 문의했습니다.", Refused.NUMBER),
    "other objects": ("69개 매장에서 오류가 났습니다.", Refused.NUMBER),
    "half": ("부정 문의는 절반에도 미치지 못합니다.", Refused.NUMBER),
    "new": ("결제 실패는 이번 주에 처음 나타났습니다.", Refused.NUMBER),
    "lasting": ("문의는 꾸준히 감소해 왔습니다.", Refused.NUMBER),
    "other weeks": ("작년에도 같은 장애가 있었습니다.", Refused.DAY),
    "streak": ("문의가 5주 연속 증가했습니다.", Refused.NUMBER),
    "most of the keywords": ("결제 실패가 가장 많이 언급된 키워드입니다.", Refused.NUMBER),
    "each": ("'사파리'와 '결제 실패'는 각각 31건, 49건 언급되었습니다.", Refused.NUMBER),
    "number of digits": ("문의가 세 자릿수로 늘었습니다.", Refused.NUMBER),
    "day without a ticket": ("11월 15일에 결제 오류 문의가 몰렸습니다.", Refused.DAY),
    "event on a day": ("11월 10일 배포 이후 결제가 되지 않습니다.", Refused.DAY),
    "weekday": ("11월 10일 금요일에 결제가 되지 않았습니다.", Refused.DAY),
    "ticket of other words": ("'결제창이 뜨자마자 사라집니다'는 티켓 52001001의 말입니다.", Refused.QUOTATION),
    "quotation": ("고객은 '돈만 나가요'라고 합니다.", Refused.QUOTATION),
    "code": ("오류 코드 E-2014가 나타납니다.", Refused.CODE),
    "name in the dictionary": ("부산 고객에게서 자주 발생합니다.", Refused.NAME),
    "name of common words": ("데이터독 경보를 확인하세요.", Refused.NAME),
    "name by its ending": ("푸른은행 점검과 겹칩니다.", Refused.NAME),
    "name in Latin letters": ("Cloudflare 설정이 원인입니다.", Refused.NAME),
    "fall": ("문의가 전주보다 감소했습니다.", Refused.DIRECTION),
    "rise of the rest": ("부정이 아닌 문의는 줄었습니다.", Refused.DIRECTION),
    "level": ("이번 주 문의는 평소 범위를 밑돌았습니다.", Refused.DIRECTION),
    "same": ("부정 비율은 지난주와 비슷한 수준입니다.", Refused.DIRECTION),
    "order of two": ("사파리(49건)가 결제 실패(31건)보다 적습니다.", Refused.DIRECTION),
    "metric": ("재구매율이 하락했습니다.", Refused.DIRECTION),
    "mixed numerals": ("백예순아홉 건이 접수되었습니다.", Refused.NUMBER),
    "slightly": ("문의가 80건에 조금 못 미칩니다.", Refused.NUMBER),
    "middle of a decade": ("문의는 60건대 초반입니다.", Refused.NUMBER),
    "beyond a bound": ("평소 상한 38건보다 13건 많습니다.", Refused.NUMBER),
    "times a bound": ("평소 상한의 2.8배 수준입니다.", Refused.NUMBER),
    "list": ("총 69건 / 부정 37건(71.0%) / 전주 대비 +39건(+130%).", Refused.NUMBER),
    "each its own": ("'사파리'는 31건, '결제 실패'는 49건에서 나왔습니다.", Refused.NUMBER),
    "share of two numbers": ("69건 중 49건, 즉 62%가 부정입니다.", Refused.NUMBER),
    "ratio without a unit": ("부정은 열에 셋 정도입니다.", Refused.NUMBER),
    "usual range": ("평소 범위는 12~38건입니다.", Refused.NUMBER),
    "every day": ("매일 9건 이상 접수되었습니다.", Refused.NUMBER),
    "rank of the week": ("최근 8주 중 두 번째로 적은 건수입니다.", Refused.NUMBER),
    "absent before": ("'결제 실패'는 전주까지 언급된 적이 없었습니다.", Refused.NUMBER),
    "order of two words": ("'결제 실패' 언급은 '사파리'보다 많습니다.", Refused.DIRECTION),
    "most by change": ("증가 폭은 '결제 실패'가 가장 큽니다.", Refused.DIRECTION),
    "event": ("정전이 원인으로 지목되었습니다.", Refused.EVENT),
    "name of odd parts": ("탑텐 입점 이후 문의가 늘었습니다.", Refused.NAME),
    "name with a letter": ("W컨셉 고객의 문의입니다.", Refused.NAME),
    "English words for numbers": ("Roughly three in ten tickets are negative.", Refused.NUMBER),
    "English part": ("Negative tickets fell by a third.", Refused.NUMBER),
    "English": ("Tickets rose from 30 to 96.", Refused.NUMBER),
    "English share": ("About a third of the tickets are negative.", Refused.NUMBER),
    "English objects": ("69 companies reported errors.", Refused.NUMBER),
    "counts of words in brackets": ("'사파리'(0→49)·'결제 실패'(6→49) 동반 증가.", Refused.NUMBER),
    "the other week in brackets": ("부정 문의 49건(전주 30건)으로 급증.", Refused.NUMBER),
    "range of past weeks": ("30~35건을 오가다가 이번 주 69건으로 늘었습니다.", Refused.NUMBER),
    "few of ten": ("부정 문의는 10건 중 서너 건꼴입니다.", Refused.NUMBER),
    "money in two scales": ("2만 9천 원이 두 번 승인됐다는 문의가 있습니다.", Refused.NUMBER),
    "devices": ("아이폰 네 대가 모두 먹통이라는 문의가 있습니다.", Refused.NUMBER),
    "week of a retold ticket": (
        "현금영수증을 어디에서 신청하는지 묻는 문의는 이번 주에 접수된 것입니다.",
        Refused.DAY,
    ),
    "day of the other week": ("비교주는 11월 2일부터 11월 8일까지입니다.", Refused.DAY),
    "below the usual range": ("평소 범위(24~38건)보다 적은 수준입니다.", Refused.DIRECTION),
    "the rest": ("69건 중 부정 문의는 49건, 나머지 49건은 일반 문의입니다.", Refused.NUMBER),
    "people for tickets": ("부정 문의 49명 중 상당수가 사파리를 씁니다.", Refused.NUMBER),
    "place": ("기흥휴게소에서 결제 오류가 났다는 문의가 있습니다.", Refused.NAME),
    "order of weeks in English": ("It is the third-highest volume of the last eight weeks.", Refused.NUMBER),
    "points in English": ("That is 31 percentage points lower than last week.", Refused.NUMBER),
    "repeated in English": ("One user failed seven times with Safari.", Refused.NUMBER),
}  # fmt: skip


@pytest.mark.parametrize("sentence", TRUE.values(), ids=TRUE)
def test_what_the_data_carries_passes(sentence: str) -> None:
    assert refusal(sentence, FACTS) is None


@pytest.mark.parametrize(("sentence", "reason"), FALSE.values(), ids=FALSE)
def test_what_the_data_does_not_carry_is_refused(sentence: str, reason: Refused) -> None:
    assert refusal(sentence, FACTS) == reason


@pytest.mark.parametrize(
    ("sentence", "is_carried"),
    [
        ("3주째 경보가 이어지고 있습니다.", True),
        ("4주째 경보가 이어지고 있습니다.", False),
        ("3주 연속 심각 상태입니다.", True),
        ("5주 만에 다시 문의가 늘었습니다.", True),
        ("4주 만에 다시 문의가 늘었습니다.", False),
    ],
)
def test_alarms_of_earlier_weeks_are_those_that_were_counted(
    sentence: str, is_carried: bool
) -> None:
    change = replace(FACTS.material.change, alarm_weeks=3, weeks_since_alarm=5)
    facts = Facts(replace(FACTS.material, change=change))
    assert (refusal(sentence, facts) is None) is is_carried


@pytest.mark.parametrize(
    "sentence",
    [
        "24시간 안에 회신하고 2주 동안 지켜보세요.",
        "상담원 2명을 임시로 배정하는 방안을 검토하세요.",
        "오류율이 5%를 넘으면 알람이 울리도록 하세요.",
        "표본 20건을 골라 읽어 보세요.",
    ],
)
def test_advice_may_set_a_term_or_a_target(sentence: str) -> None:
    assert refusal(sentence, FACTS, is_advice=True) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "현재 5명인 인력을 늘리세요.",
        "담당자 3명을 이미 투입했으므로 기다려 주세요.",
        "결제 실패 문의 51건을 분류하세요.",
    ],
)
def test_advice_may_not_invent_how_things_are(sentence: str) -> None:
    assert refusal(sentence, FACTS, is_advice=True) == Refused.NUMBER


@pytest.mark.parametrize(
    "sentence",
    [
        "현재 안내 문구를 고칩니다.",
        "이미 접수된 문의부터 답변하세요.",
        "문의가 늘고 있으므로 자주 묻는 질문에 답을 추가하세요.",
    ],
)
def test_advice_may_speak_of_what_is_there(sentence: str) -> None:
    assert refusal(sentence, FACTS, is_advice=True) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "이미 배포된 핫픽스를 지켜보세요.",
        "지난주 개정한 정책을 다시 공지하세요.",
        "상담사가 전원 투입된 상태이므로 자동 응답을 강화하세요.",
        "현재 하루 한 번 도는 배치를 바꾸세요.",
    ],
)
def test_advice_may_not_presuppose_what_nobody_reported(sentence: str) -> None:
    assert refusal(sentence, FACTS, is_advice=True) in (Refused.EVENT, Refused.NUMBER)


@pytest.mark.parametrize(
    "piece", ["1,234,", "가나다 ", "11/", "3.1.", "평소 ", "천백 ", "이가은", "a-1", "[("]
)
def test_a_long_sentence_takes_no_time(piece: str) -> None:
    started = time.process_time()
    refusal((piece * 500)[:500], FACTS)
    assert time.process_time() - started < 2


def test_of_a_level_above_what_is_below_it_may_be_told_with_its_numbers() -> None:
    material = build_material(build_alert_above(), samples=build_samples(3))
    assert refusal("특히 '첨부 파일' 문의가 15건에서 25건으로 늘었습니다.", Facts(material)) is None
    assert refusal("특히 '첨부 파일' 문의가 15건에서 35건으로 늘었습니다.", Facts(material))
