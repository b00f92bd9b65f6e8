#include "services/conversation/turn_taking/domain_words.h"

namespace dramatis::conversation {

namespace persona = dramatis::persona::v1;

std::string_view WordsOf(persona::Knowledge domain) {
  switch (domain) {
    case persona::KNOWLEDGE_TECHNOLOGY:
      return " technology tech computer computers software hardware program programs programming "
             "code internet data algorithm algorithms machine machines robot robots app apps phone "
             "network engineer engineering ";
    case persona::KNOWLEDGE_SCIENCE:
      return " science scientific scientist physics chemistry biology astronomy mathematics maths "
             "math experiment experiments theory research evolution energy atom atoms planet "
             "planets universe gene genes climate ";
    case persona::KNOWLEDGE_ARTS:
      return " art arts artist artists music song songs painting paintings poem poems poetry novel "
             "novels literature theatre theater sculpture dance design photography composer "
             "museum ";
    case persona::KNOWLEDGE_BUSINESS:
      return " business company companies market markets marketing money finance sales customer "
             "customers startup startups strategy investment investor profit price prices economy "
             "trade management ";
    case persona::KNOWLEDGE_PHILOSOPHY:
      return " philosophy philosopher philosophers ethics ethical moral morality meaning truth "
             "logic reason existence consciousness freedom virtue soul knowledge metaphysics "
             "justice ";
    case persona::KNOWLEDGE_HISTORY:
      return " history historical historian war wars empire empires century centuries ancient "
             "medieval revolution king queen civilisation civilization past archive battle ";
    case persona::KNOWLEDGE_PSYCHOLOGY:
      return " psychology psychologist mind emotion emotions feeling feelings behaviour behavior "
             "therapy therapist memory anxiety motivation personality habit habits trauma "
             "cognition ";
    case persona::KNOWLEDGE_HEALTH:
      return " health healthy medicine medical doctor doctors hospital illness disease diet "
             "nutrition exercise sleep pain treatment symptom symptoms fitness patient patients ";
    case persona::KNOWLEDGE_ENTERTAINMENT:
      return " entertainment film films movie movies series television tv game games gaming "
             "celebrity show shows comedy actor actors actress cinema concert festival ";
    case persona::KNOWLEDGE_POLITICS:
      return " politics political politician politicians government election elections vote votes "
             "law laws parliament president minister policy policies party parties democracy "
             "rights ";
    case persona::KNOWLEDGE_EDUCATION:
      return " education school schools university universities teacher teachers student students "
             "learning teaching lesson lessons course courses exam exams study studies homework ";
    default:
      return {};
  }
}

}  // namespace dramatis::conversation
