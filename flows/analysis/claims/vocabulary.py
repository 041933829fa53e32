"""Names of products, companies and systems that a model may make up, and words that are none. Pure data.

A name is only looked for; whether it may be said is for the tickets to decide. A list is never complete: what it does
not hold is caught by its ending (…페이, …은행, …클라우드), and in Latin letters by not being in the tickets.
"""

from __future__ import annotations

import re

KNOWN_NAMES = tuple(
    """
    구글 애플 아마존 마이크로소프트 메타 페이스북 인스타그램 트위터 유튜브 틱톡 넷플릭스 테슬라 엔비디아 오픈에이아이 챗지피티
    네이버 카카오 라인 토스 쿠팡 배달의민족 배민 요기요 당근 무신사 마켓컬리 야놀자 여기어때 직방 다방 쏘카 타다 티맵 멜론
    삼성 현대 엘지 롯데 신세계 한화 두산 포스코 씨제이 셀트리온 하이닉스
    국민은행 신한은행 우리은행 하나은행 농협은행 기업은행 카카오뱅크 케이뱅크 토스뱅크
    케이티 에스케이텔레콤 엘지유플러스 유플러스 스카이라이프 알뜰폰
    이니시스 나이스페이 토스페이먼츠 케이지 다날 페이코 제로페이 페이팔 스트라이프 비자카드 마스터카드
    아마존웹서비스 애저 클라우드플레어 아카마이 오라클 몽고디비 레디스 엘라스틱서치 쿠버네티스 도커 젠킨스 깃허브 깃랩
    슬랙 노션 지라 젠데스크 세일즈포스 팀즈 줌 디스코드 텔레그램 카톡 카카오톡 스카이프 왓츠앱
    크롬 사파리 파이어폭스 엣지 웨일 오페라 익스플로러 삼성인터넷
    아이폰 아이패드 맥북 갤럭시 픽셀 샤오미 화웨이 윈도우 윈도 안드로이드 맥오에스 아이오에스 우분투 리눅스
    지메일 네이버메일 한메일 아웃룩 핫메일 야후
    링크드인 잡코리아 사람인 인크루트 알바몬 알바천국 리멤버 블라인드 원티드 점핏 프로그래머스 로켓펀치 캐치
    우체국 한진택배 롯데택배 로젠택배 대한통운
    """.split()
)

PLAIN_WORDS = frozenset(
    """
    voc cs faq ui ux qa ok laas id pc app url api db sms pdf csv os ai it pr sns ars web www http https log vs
    critical monitor improved stable new base comparison ticket tickets negative
    심각 주의 개선 안정 기준주 비교주 요약 원인 가설 후속조치 부정 부정비율 중립 긍정 문의 티켓 신규
    신용카드 체크카드 명함카드 결제카드 법인카드 선불카드 교통카드 카드 은행 페이 스토어 앱스토어 마켓 그룹 클라우드 톡 뱅크
    알림톡 친구톡 a/b
    간편페이 인사그룹 대상그룹 사용자그룹 고객그룹
    """.split()
)
"""Words in small letters that name nothing, and the product's own."""

NAME_ENDINGS = re.compile(
    r"[가-힣]{1,8}(?:페이먼츠|페이|뱅크|은행|증권|카드|캐피탈|텔레콤|모바일|클라우드|소프트|스토어|마켓|닷컴|그룹|오에스|메신저|웹서비스|톡)(?=$|[은는이가을를의에와과도로만]|에서|으로|까지|부터)"
)

_SAME = (
    ("사파리", "safari"),
    ("크롬", "chrome"),
    ("엣지", "edge"),
    ("파이어폭스", "firefox"),
    ("아이폰", "iphone"),
    ("아이패드", "ipad"),
    ("아이오에스", "ios"),
    ("안드로이드", "android"),
    ("갤럭시", "galaxy"),
    ("윈도우", "윈도", "windows"),
    ("맥북", "macbook"),
    ("맥오에스", "macos"),
    ("카카오", "kakao"),
    ("카톡", "카카오톡", "kakaotalk"),
    ("네이버", "naver"),
    ("구글", "google"),
    ("애플", "apple"),
    ("삼성", "samsung"),
    ("지메일", "gmail"),
    ("유튜브", "youtube"),
    ("인스타그램", "instagram"),
    ("슬랙", "slack"),
    ("노션", "notion"),
    ("링크드인", "linkedin"),
    ("토스", "toss"),
    ("깃허브", "github"),
)
SAME_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(other for other in names if other != name) for names in _SAME for name in names
}
"""A name in Hangul and the same in Latin letters, each with its other forms."""
